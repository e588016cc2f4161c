import shutil
from pathlib import Path

import numpy as np
import pytest
from fixtures.errors import list_errors

import dcgan_tf
from dcgan_tf.cli import export, sample, train
from dcgan_tf.images import load_png
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.serving.saved_model import save_generator

TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=16", "--strategy=one_device", "--precision=float32",
    "--steps=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "run"
    assert train.main([*TINY, f"--run_dir={path}"]) == 0
    return path


@pytest.fixture(scope="module")
def conditional_run_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "conditional"
    assert train.main([*TINY, f"--run_dir={path}", "--conditional"]) == 0
    return path


def draw(output, *argv):
    assert sample.main([*argv, f"--output={output}"]) == 0
    if output.suffix:
        return load_png(output)
    return {path.name: load_png(path) for path in output.iterdir()}


def test_a_grid(run_dir, tmp_path):
    grid = draw(tmp_path / "a.png", f"--run_dir={run_dir}", "--num=9")
    assert grid.shape == (3 * 18 + 2, 3 * 18 + 2, 1)


def test_single_files_are_named_by_seed_and_repeat(run_dir, tmp_path):
    flags = (f"--run_dir={run_dir}", "--seed=2")
    few = draw(tmp_path / "few", *flags, "--num=2")
    many = draw(tmp_path / "many", *flags, "--num=70")
    assert set(few) == {"seed-2000000.png", "seed-2000001.png"}
    assert len(many) == 70
    for name, picture in few.items():
        # Another batch may round a pixel the other way.
        difference = picture.astype(int) - many[name].astype(int)
        assert np.abs(difference).max() <= 1
    other = draw(tmp_path / "other", f"--run_dir={run_dir}", "--num=1")
    assert not np.array_equal(other["seed-0.png"], few["seed-2000000.png"])


@pytest.fixture(scope="module")
def export_dir(run_dir):
    path = run_dir.parent / "export"
    flags = [f"--run_dir={run_dir}", f"--export_dir={path}"]
    assert export.main(flags) == 0
    return path


def test_an_export_gives_the_same_pictures(
    run_dir, export_dir, tmp_path, capsys
):
    from_run = draw(tmp_path / "run", f"--run_dir={run_dir}", "--num=3")
    from_export = draw(
        tmp_path / "exported", f"--export_dir={export_dir}", "--num=3"
    )
    assert from_run.keys() == from_export.keys()
    for name, picture in from_run.items():
        difference = picture.astype(int) - from_export[name].astype(int)
        assert np.abs(difference).max() <= 1
    # It has one step, whatever is asked for.
    capsys.readouterr()
    argv = [f"--export_dir={export_dir}", "--num=1", f"--output={tmp_path}/x"]
    for checkpoint, has_warning in (("2", False), ("1", True)):
        assert sample.main([*argv, f"--checkpoint={checkpoint}"]) == 0
        error = capsys.readouterr().err
        assert error.startswith("WARNING: an export has one") == has_warning


def test_a_conditional_run_draws_the_label_asked_for(
    conditional_run_dir, tmp_path
):
    run = f"--run_dir={conditional_run_dir}"
    in_turn = draw(tmp_path / "all", run, "--num=10")
    threes = draw(tmp_path / "threes", run, "--num=10", "--label=3")
    assert set(threes) == {f"seed-{seed}-class-3.png" for seed in range(10)}
    same = [
        seed
        for seed in range(10)
        if np.abs(
            in_turn[f"seed-{seed}.png"].astype(int)
            - threes[f"seed-{seed}-class-3.png"]
        ).max()
        <= 1
    ]
    assert same == [3]


def test_classes_share_a_folder(conditional_run_dir, tmp_path):
    run = f"--run_dir={conditional_run_dir}"
    ones = draw(tmp_path / "both", run, "--num=2", "--label=1")
    both = draw(tmp_path / "both", run, "--num=2", "--label=2")
    assert len(both) == 4
    for name, pixels in ones.items():
        assert np.array_equal(both[name], pixels)


@pytest.mark.parametrize(
    ("argv", "code", "part"),
    [
        ([], 2, "one of --run_dir and --export_dir"),
        (["--run_dir=a", "--export_dir=b"], 2, "one of"),
        (["--run_dir=/no/run"], 1, "is not a run"),
        (["--export_dir=/no/export"], 1, "/no/export"),
        (["--run_dir=RUN", "--label=3"], 2, "unconditional"),
        (["--run_dir=RUN", "--checkpoint=7"], 1, "no checkpoint '7'"),
        (["--run_dir=RUN", "--num=0"], 2, "num"),
        (["--run_dir=RUN", "--output=RUN/config.json"], 2, "is a file; name"),
        (
            ["--run_dir=RUN", "--output=/proc/x"],
            1,
            "'/proc/x' cannot be written",
        ),
    ],
)
def test_bad_input_is_one_line(argv, code, part, run_dir, capsys):
    argv = [arg.replace("RUN", str(run_dir)) for arg in argv]
    assert sample.main(argv) == code
    errors = capsys.readouterr().err
    assert len(errors.strip().splitlines()) == 1 and part in errors


@pytest.mark.parametrize(
    "output, made",
    [
        (".png", ".png"),
        ("a.PNG", "a.PNG"),
        ("a.png/", "a.png/seed-0.png"),
        ("folder.png", "folder.png/seed-0.png"),
        ("new", "new/seed-0.png"),
    ],
)
def test_what_a_name_ends_in_says_what_is_written(
    run_dir, tmp_path, output, made
):
    (tmp_path / "folder.png").mkdir()
    argv = [f"--run_dir={run_dir}", "--num=1", f"--output={tmp_path}/{output}"]
    assert sample.main(argv) == 0
    assert (tmp_path / made).is_file()


def empty(path):
    path.write_bytes(b"")


DAMAGES = [
    ("export.json", empty, "export.json: Expecting value"),
    ("saved_model.pb", Path.unlink, "SavedModel file does not exist"),
    ("saved_model.pb", empty, "0 MetaGraphs"),
    ("variables/variables.index", Path.unlink, "Failed to find any matching"),
    ("variables/variables.index", empty, "file is too short"),
    ("variables/variables.data-00000-of-00001", empty, "Read less"),
]


@pytest.mark.parametrize("name, damage, message", DAMAGES)
def test_a_damaged_export_is_one_line(
    export_dir, tmp_path, capsys, name, damage, message
):
    copy = shutil.copytree(export_dir, tmp_path / "export")
    damage(copy / "generator" / "1" / name)
    output = tmp_path / "x.png"
    argv = [f"--export_dir={copy}", "--num=1", f"--output={output}"]
    assert sample.main(argv) == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert "generator/1' is damaged (" in line and message in line
    assert "export the run again" in line and not output.exists()


def test_an_export_that_draws_no_numbers_is_one_line(
    run_dir, export_dir, tmp_path, capsys
):
    copy = shutil.copytree(export_dir, tmp_path / "export")
    generator = dcgan_tf.load(run_dir).generator
    bias = generator.trainable_variables[-1]
    bias.assign(bias * np.nan)
    model = load_run_config(run_dir).model
    save_generator(generator, model, copy / "generator" / "1")
    message = "generator/1' draws images that are not finite; export another"
    with pytest.raises(ValueError, match=message):
        dcgan_tf.load(copy).sample(2)
    output = tmp_path / "x.png"
    argv = [f"--export_dir={copy}", "--num=2", f"--output={output}"]
    assert sample.main(argv) == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert message in line and not output.exists()
