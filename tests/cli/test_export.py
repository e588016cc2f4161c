import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from fixtures import tiny_run

from dcgan_tf.cli import export
from dcgan_tf.serving.versions import FEATURES, GENERATOR

KINDS = (GENERATOR, FEATURES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return tiny_run.make_run(folder / "run", pictures, steps=(3, 8))


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
    assert call(*flags, "checkpoint=3", "keep_versions=1") == 0
    assert "version 2 of step 3" in capsys.readouterr().out
    for kind in KINDS:
        assert listed(tmp_path / kind) == ["2"]


def test_a_killed_export_leaves_no_numbered_folder(trained, tmp_path):
    command = [
        sys.executable,
        "-m",
        "dcgan_tf.cli.export",
        f"--run_dir={trained}",
        f"--export_dir={tmp_path}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob(f"{GENERATOR}/writing-*/*")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    for kind in KINDS:
        assert not any(name.isdecimal() for name in listed(tmp_path / kind))
    assert call(f"run_dir={trained}", f"export_dir={tmp_path}") == 0
    for kind in KINDS:
        assert listed(tmp_path / kind) == ["1"]


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
        (["checkpoint=5"], 1, "use latest, best or one of 3, 8"),
        (["checkpoint=best"], 1, "no best checkpoint"),
        (["formats=onnx"], 2, "saved_model"),
        (["formats="], 2, "saved_model"),
        (["data_dir=a", "image_dir=b"], 2, "one of --data_dir and --image_dir"),
        (["image_dir=nowhere"], 1, "nowhere"),
        (["keep_versions=-1"], 2, "keep_versions"),
        (["export_dir=/proc/exports"], 1, "'/proc/exports/generator' cannot"),
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
