"""Probes that do not fit the images are refused in words."""

import dataclasses
import os
import re
import shutil

import pytest
from fixtures.errors import list_errors
from fixtures.transfer import (
    make_colours,
    run,
)

from dcgan_tf.cli import evaluate
from dcgan_tf.data import downloads
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["--probe_dataset=mnist_5k"], 2, "without --probe"),
        (["--probe_image_dir=x"], 2, "without --probe"),
        (["--probe_split=validation"], 2, "without --probe"),
        (["--probe_rows=D"], 2, "without --probe"),
        (
            ["--probe=few_labels", "--probe_dataset=a", "--probe_image_dir=b"],
            2,
            "one of --probe_dataset and --probe_image_dir",
        ),
        (["--probe=few_labels", "--probe_data_dir=a"], 2, "--probe_dataset"),
        (
            [
                "--probe=few_labels",
                "--probe_dataset=mnist_5k",
                "--probe_data_dir=a",
            ],
            2,
            "--probe_data_dir 'a' means nothing to mnist_5k",
        ),
        (["--data_dir=a"], 2, "data_dir 'a' means nothing to an image folder"),
        (["--probe=few_labels", "--probe_rows=E"], 2, "untrained"),
        (["--probe=few_labels", "--probe_split=train"], 2, "validation"),
        (["--probe=few_labels", "--probe_dataset=image_folder"], 2, "_dir"),
        (["--probe=few_labels", "--probe_image_dir=gone"], 1, "not there"),
        (["--probe=few_labels", "--probe_dataset=toy_faces"], 1, "attributes"),
        (["--probe=cifar10", "--probe_dataset=mnist_5k"], 1, "holds out 10000"),
        (
            [
                "--probe=few_labels",
                "--probe_dataset=mnist_5k",
                "--probe_rows=start",
            ],
            1,
            "no row 'start'; it has D, pixels, untrained, G, supervised",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    run_dir, few_faces, capsys, arguments, code, message
):
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.strip().splitlines()[-1].count("error:") == 1
    assert not (run_dir / "evaluation").exists()


@pytest.mark.parametrize(
    ("dataset", "advice"),
    [
        ("cifar10", ["as --probe_data_dir", "as --probe_manual_dir"]),
        ("celeb_a", ["as --probe_data_dir", "as --probe_manual_dir"]),
        # No program may download it.
        ("imagenet2012", ["that as --probe_manual_dir"]),
        ("cifar11", ["did you mean cifar10", "--probe_image_dir"]),
        ("no such name", ["--probe_image_dir"]),
    ],
)
def test_what_is_not_there_is_to_be_given_by_the_probes_own_flags(
    run_dir, tmp_path, capsys, dataset, advice, monkeypatch
):
    monkeypatch.setattr(downloads, "_answers", lambda url: False)
    code = evaluate.main(
        [
            f"--run_dir={run_dir}",
            "--probe=few_labels",
            f"--probe_dataset={dataset}",
            f"--probe_data_dir={tmp_path}",
        ]
    )
    error = list_errors(capsys.readouterr().err)[-1]
    assert code == 1
    assert all(words in error for words in advice), error
    # A command to copy is of `dcgan data`, which has other flags.
    said = re.sub("`[^`]*`", "", error)
    assert not re.search(r"--(data|manual|image)_dir", said)


def make_flat(folder):
    return make_colours(folder, layout="{split}")


def make_lacking(folder):
    """A class of which nothing is held out but other classes'."""
    make_colours(folder)
    os.rename(folder / "test" / "warm", folder / "test" / "hot")
    return folder


def make_one_class(folder):
    make_colours(folder)
    for split in ("train", "test"):
        for name in ("warm", "dark"):
            shutil.rmtree(folder / split / name)
    return folder


def make_few(folder):
    """So few that none are held out of them."""
    make_colours(folder, layout="{name}")
    for path in sorted(folder.glob("*/*.png")):
        if not path.name.endswith("n0.png"):
            path.unlink()
    return folder


@pytest.mark.parametrize(
    "make, protocol, message",
    [
        (make_few, "few_labels", "fewer than 20 images, of which none"),
        (make_flat, "few_labels", "one class each"),
        (make_lacking, "few_labels", "not all of the classes"),
        (make_one_class, "few_labels", "one class each"),
        (make_colours, "cifar10", "holds out 10000 of them and draws 4000"),
        (make_colours, "svhn_1000", "holds out 10000 of them and draws 1000"),
    ],
)
def test_folders_that_do_not_fit_are_refused_in_words(
    run_dir, tmp_path, capsys, make, protocol, message
):
    folder = make(tmp_path / "bad")
    arguments = [f"--probe={protocol}", f"--probe_image_dir={folder}"]
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in error and str(folder) in error


@pytest.mark.parametrize(
    ("labels", "code", "message"),
    [
        ("6", 0, None),
        ("200", 1, "images to draw from, and 200 labels take"),
        ("6,200", 0, "200 labels are left out: class 'cold' has "),
    ],
)
def test_counts_that_images_do_not_allow(
    run_dir, colours, capsys, monkeypatch, labels, code, message
):
    few = dataclasses.replace(PROTOCOLS["few_labels"], label_counts=(6, 200))
    monkeypatch.setitem(PROTOCOLS, "few_labels", few)
    arguments = ["--probe_rows=pixels", f"--probe_image_dir={colours}"]
    assert run(run_dir, *arguments, f"--probe_labels={labels}") == code
    error = capsys.readouterr().err
    assert "Traceback" not in error and (message or "") in error
    assert (run_dir / "evaluation").exists() == (code == 0)
