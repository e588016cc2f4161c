import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from fixtures import fake_model_server, forked, tiny_run

from dcgan_tf import images
from dcgan_tf.cli import client, export, sample
from dcgan_tf.serving.lite import lite_files
from dcgan_tf.serving.lite.convert import load_metadata
from dcgan_tf.serving.versions import FEATURES, GENERATOR
from dcgan_tf.serving.web import page

KINDS = (GENERATOR, FEATURES)
FEW_PRECISIONS = {None: ("float16",)}
NUM_CLASSES = 3


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return tiny_run.make_run(folder / "run", pictures, steps=(3, 8))


@pytest.fixture(scope="module")
def exported(trained):
    """An export of step 8, for tests of what comes after the first."""
    folder = trained.parent / "export"
    assert call(f"run_dir={trained}", f"export_dir={folder}") == 0
    return folder


def copy_export(exported, folder):
    """Copies an export to a folder, as if it had been made there."""
    shutil.copytree(exported, folder, dirs_exist_ok=True)
    path = folder / "models.config"
    path.write_text(path.read_text().replace(str(exported), str(folder)))


def call(*arguments):
    return export.main([f"--{argument}" for argument in arguments])


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def test_versions_count_up_and_old_ones_go(trained, tmp_path, capsys):
    flags = f"run_dir={trained}", f"export_dir={tmp_path}"
    assert call(*flags) == 0
    printed = capsys.readouterr().out
    assert "real images" in printed
    assert "version 1 of step 8" in printed
    for kind in KINDS:
        assert str(tmp_path / kind / "1") in printed
    assert "changed by hand" not in printed
    served = tmp_path / "models.config"
    served.write_text("# Ours.")
    assert call(*flags, "checkpoint=3", "keep_versions=1") == 0
    printed = capsys.readouterr().out
    assert "version 2 of step 3" in printed
    assert f"kept as changed by hand, in {tmp_path}: models.config" in printed
    assert served.read_text() == "# Ours."
    for kind in KINDS:
        assert listed(tmp_path / kind) == ["2"]


def test_a_version_that_the_server_is_told_to_serve_stays(
    trained, exported, tmp_path, capsys
):
    flags = f"run_dir={trained}", f"export_dir={tmp_path}"
    copy_export(exported, tmp_path)
    for kind in KINDS:
        shutil.copytree(tmp_path / kind / "1", tmp_path / kind / "2")
    path = tmp_path / "models.config"
    policy = "latest { num_versions: 1 }", "specific: <versions: [0x1]>"
    path.write_text(path.read_text().replace(*policy))
    capsys.readouterr()
    assert call(*flags, "keep_versions=1") == 0
    printed = capsys.readouterr().out
    for kind in KINDS:
        assert listed(tmp_path / kind) == ["1", "3"]
        assert f"removed {tmp_path / kind / '2'}" in printed
    names = ", ".join(f"{kind}/1" for kind in KINDS)
    assert f"models.config names them: {names}\n" in printed


def test_versions_of_other_names_are_found_by_them(
    trained, exported, tmp_path, capsys
):
    flags = f"run_dir={trained}", f"export_dir={tmp_path}"
    copy_export(exported, tmp_path)
    for kind in KINDS:
        (tmp_path / kind / "1").rename(tmp_path / kind / "0001")
    output = tmp_path / "sheet.png"
    argv = [f"--export_dir={tmp_path}", f"--output={output}"]
    assert sample.main(argv) == 0 and output.exists()
    capsys.readouterr()
    assert call(*flags, "keep_versions=1") == 0
    printed = capsys.readouterr().out
    for kind in KINDS:
        assert listed(tmp_path / kind) == ["2"]
        assert f"removed {tmp_path / kind / '0001'}\n" in printed


def test_a_killed_export_leaves_no_numbered_folder(trained, tmp_path):
    process = forked.Program(
        [
            "-m",
            "dcgan_tf.cli.export",
            f"--run_dir={trained}",
            f"--export_dir={tmp_path}",
        ]
    )
    while not list(tmp_path.glob(f"{GENERATOR}/.writing-*/*")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    for kind in KINDS:
        assert not any(name.isdecimal() for name in listed(tmp_path / kind))
    assert call(f"run_dir={trained}", f"export_dir={tmp_path}") == 0
    for kind in KINDS:
        numbered = [
            name for name in listed(tmp_path / kind) if name.isdecimal()
        ]
        assert numbered == ["1"]


def export_conditional(folder, channels, formats):
    """Makes a conditional run and exports it by the command."""
    model = dataclasses.replace(
        tiny_run.MODEL, channels=channels, num_classes=NUM_CLASSES
    )
    tiny_run.make_run(folder / "run", folder / "pictures", model)
    flags = f"run_dir={folder / 'run'}", f"export_dir={folder / 'out'}"
    assert call(*flags, f"formats={formats}") == 0
    return folder


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    """A conditional run and its export, with one precision of LiteRT."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lite_files, "_PRECISIONS", FEW_PRECISIONS)
        folder = tmp_path_factory.mktemp("grey")
        return export_conditional(folder, 1, "saved_model,tflite")


@pytest.fixture(scope="module")
def coloured(tmp_path_factory):
    """The same in colour, with every precision."""
    folder = tmp_path_factory.mktemp("coloured")
    return export_conditional(folder, 3, "tflite,saved_model")


@pytest.fixture(params=["grey", "coloured"])
def conditional(request):
    return request.getfixturevalue(request.param)


def test_a_conditional_run_has_a_generator_in_every_format(conditional):
    assert listed(conditional / "out" / GENERATOR) == ["1"]
    assert not (conditional / "out" / FEATURES).exists()
    files = [
        path.name for path in (conditional / "out" / "tflite" / "1").iterdir()
    ]
    files = [name for name in files if name.endswith(".tflite")]
    assert len(files) in (1, 6)
    path = conditional / "out" / "tflite" / "1" / "generator_float16.tflite"
    labels = load_metadata(path)["inputs"]["labels"]
    assert labels["values"] == "classes, 0 to 2"
    table = (path.parent / "table.md").read_text(encoding="utf-8")
    # Integers may miss the pale images of untrained networks.
    assert table.count("| ok |") >= min(4, len(files))


def test_a_conditional_export_leaves_an_earlier_discriminator_served(
    exported, grey, tmp_path, capsys
):
    copy_export(exported, tmp_path)
    served = (tmp_path / "models.config").read_text()
    capsys.readouterr()
    flags = f"run_dir={grey / 'run'}", f"export_dir={tmp_path}"
    assert call(*flags) == 0
    assert f"still in models.config, of an earlier export: {FEATURES};" in (
        capsys.readouterr().out
    )
    assert (tmp_path / "models.config").read_text() == served
    assert listed(tmp_path / FEATURES) == ["1"]


def test_a_conditional_export_draws_what_the_run_draws(conditional, tmp_path):
    paths = []
    for name in "run", "export":
        source = conditional / ("run" if name == "run" else "out")
        for label in None, 2:
            paths.append(tmp_path / f"{name}-{label}.png")
            flags = [f"--{name}_dir={source}", f"--output={paths[-1]}"]
            flags += [] if label is None else [f"--label={label}"]
            assert sample.main([*flags, "--num=5"]) == 0
    grids = [images.load_png(path).astype(int) for path in paths]
    assert abs(grids[0] - grids[2]).max() <= 1
    assert abs(grids[1] - grids[3]).max() <= 1
    assert abs(grids[0] - grids[1]).max() > 1


@pytest.mark.parametrize(
    ("conditional", "protocol"),
    [("coloured", "rest"), ("grey", "grpc")],
    indirect=["conditional"],
)
def test_a_conditional_export_is_served(conditional, tmp_path, protocol):
    pytest.importorskip(
        "tensorflow_serving", reason="needs: pip install -e '.[serving]'"
    )
    models = fake_model_server.Models(conditional / "out")
    serve = getattr(fake_model_server, f"serve_{protocol}")
    with serve(models) as address:
        flags = [
            f"--server={address}",
            f"--protocol={protocol}",
            f"--output={tmp_path / 'served.png'}",
            "--num=3",
            "--label=1",
        ]
        assert client.main(flags) == 0
    expected = models.predict(
        GENERATOR, "sample", {"seeds": [0, 1, 2], "labels": [1, 1, 1]}
    )["images"]
    grid = images.load_png(tmp_path / "served.png")
    assert (grid == images.make_grid(expected)).all()


def test_a_session_loads_a_conditional_export(coloured):
    path = str(coloured / "out" / GENERATOR / "1")
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], path)
        signature = loaded.signature_def["sample"]
        drawn = session.run(
            signature.outputs["images"].name,
            {
                signature.inputs["seeds"].name: np.zeros(3, np.int64),
                signature.inputs["labels"].name: np.arange(3, dtype=np.int32),
            },
        )
    assert drawn.dtype == np.uint8
    assert len(np.unique(drawn, axis=0)) == 3


def test_a_page_of_a_conditional_run_knows_its_classes(grey, capsys):
    if not os.path.isdir(page._RUNTIME):
        pytest.skip("needs LiteRT.js: npm ci --prefix dcgan_tf/serving/web")
    flags = f"run_dir={grey / 'run'}", f"export_dir={grey}"
    assert call(*flags, "formats=web") == 0, capsys.readouterr().err
    described = (grey / "web" / "1" / "model.json").read_text()
    classes = json.loads(described)["classes"]
    assert classes == [str(i) for i in range(NUM_CLASSES)]


def test_a_page_alone_reads_no_real_images_and_says_nothing_of_d(
    trained, exported, tmp_path, capsys
):
    if not os.path.isdir(page._RUNTIME):
        pytest.skip("needs LiteRT.js: npm ci --prefix dcgan_tf/serving/web")
    flags = f"run_dir={trained}", f"export_dir={tmp_path}"
    copy_export(exported, tmp_path)
    assert call(*flags, "formats=web", "image_dir=nowhere") == 0
    printed = capsys.readouterr().out
    assert "real images" not in printed and "discriminator" not in printed
    assert listed(tmp_path / "web") == ["2"]


def test_any_folder_in_any_locale(trained, tmp_path):
    """A name that is a pattern, has spaces and is not UTF-8, as is nothing."""
    folder = tmp_path / os.fsdecode(b"photos [2024] \\ \xff \xc3\xa9")
    run_dir = shutil.copytree(trained, folder / "run")
    program = (
        "import sys\n"
        "from dcgan_tf.cli import export\n"
        "from dcgan_tf.serving.lite import lite_files\n"
        f"lite_files._PRECISIONS = {FEW_PRECISIONS}\n"
        "sys.exit(export.main())\n"
    )
    command = [
        sys.executable,
        "-c",
        program,
        f"--run_dir={run_dir}",
        f"--export_dir={folder / 'out'}",
        "--formats=saved_model,tflite",
    ]
    plain = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        command, env={**os.environ, **plain}, capture_output=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    output = folder / "drawn.png"
    flags = [f"--export_dir={folder / 'out'}", f"--output={output}"]
    assert sample.main([*flags, "--num=2"]) == 0
    assert output.is_file()


def test_a_checkpoint_that_training_prunes_gives_way_to_the_next(
    trained, tmp_path, capsys, monkeypatch
):
    """The newest one when the export looked is gone when it reads."""
    run_dir = shutil.copytree(trained, tmp_path / "run")
    load_checkpoint = tf.train.load_checkpoint
    pruned = []

    def prune_first(prefix):
        if not pruned:
            for path in (run_dir / "checkpoints").glob("ckpt-8.*"):
                # Training saved step 9 meanwhile, and keeps one.
                path.rename(path.with_name(path.name.replace("8.", "9.", 1)))
                pruned.append(path)
        return load_checkpoint(prefix)

    monkeypatch.setattr(tf.train, "load_checkpoint", prune_first)
    assert call(f"run_dir={run_dir}", f"export_dir={tmp_path / 'out'}") == 0
    assert pruned
    assert "of step 9" in capsys.readouterr().out


def test_a_run_that_moved_keeps_its_statistics_or_is_told_where(
    tmp_path, capsys
):
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    run_dir = tiny_run.make_run(tmp_path / "run", pictures)
    pictures.rename(tmp_path / "moved")
    flags = f"run_dir={run_dir}", f"export_dir={tmp_path / 'out'}"
    assert call(*flags) == 0
    printed = capsys.readouterr().out
    assert "keeps its saved batch-norm statistics" in printed
    assert "--image_dir" in printed
    assert call(*flags, f"image_dir={tmp_path / 'moved'}") == 0
    assert "real images" in capsys.readouterr().out


def test_a_truncated_checkpoint_gives_way_to_the_one_before(
    trained, tmp_path, capsys
):
    run_dir = shutil.copytree(trained, tmp_path / "run")
    data = next((run_dir / "checkpoints").glob("ckpt-8.data*"))
    os.truncate(data, data.stat().st_size // 2)
    assert call(f"run_dir={run_dir}", f"export_dir={tmp_path / 'out'}") == 0
    captured = capsys.readouterr()
    assert "version 1 of step 3" in captured.out


@pytest.mark.parametrize(
    "flags, code, message",
    [
        (["run_dir=nowhere"], 1, "'nowhere' is not a run"),
        (["checkpoint=5"], 1, "use latest or one of 3, 8"),
        (["checkpoint=best"], 1, "no best checkpoint"),
        (["formats=onnx"], 2, "saved_model"),
        (["single_file"], 2, "--single_file is for web, and --formats are"),
        (["formats="], 2, "--formats is empty"),
        (["data_dir=a", "image_dir=b"], 2, "one of --data_dir and --image_dir"),
        (["data_dir=a"], 2, "data_dir 'a' means nothing to an image folder"),
        (["image_dir=nowhere"], 1, "nowhere"),
        (["keep_versions=-1"], 2, "keep_versions"),
        (["export_dir=/proc/exports"], 1, "'/proc/exports' cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_makes_nothing(
    trained, tmp_path, capsys, monkeypatch, flags, code, message
):
    monkeypatch.chdir(tmp_path)
    defaults = f"run_dir={trained}", "export_dir=out"
    assert call(*defaults, *flags) == code
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error
    assert not list(tmp_path.glob("out/*/*"))


def test_a_run_without_checkpoints_is_refused(trained, tmp_path, capsys):
    shutil.copy(trained / "config.json", tmp_path)
    assert call(f"run_dir={tmp_path}", f"export_dir={tmp_path / 'out'}") == 1
    assert "holds no checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
