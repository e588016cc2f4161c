"""JSON from anybody that is nested too deeply is as good as no JSON."""

import re
from pathlib import Path

import pytest
from fixtures import tiny_run

from dcgan_tf.analysis.forget import load_boxes
from dcgan_tf.cli import data, evaluate, sample, train
from dcgan_tf.config import RunConfig
from dcgan_tf.config.json_text import read_json
from dcgan_tf.data.disk_cache import open_cache
from dcgan_tf.data.files.own_output import is_own_folder
from dcgan_tf.data.labels.table import read_table
from dcgan_tf.evaluation.linear_probe.kept_results import KeptRow
from dcgan_tf.evaluation.result_files import load_report
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.folder import load_run_config, load_run_record
from dcgan_tf.serving.versions import load_record

DEEP = "[" * 200_000
PACKAGE = Path(__file__).parents[2] / "dcgan_tf"
# What this program wrote itself a moment before, or has in its package.
TRUSTED = {"kept_results.py", "pipeline.py", "page.py", "json_text.py"}


def write(path, text=DEEP):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", [DEEP, DEEP.encode(), '{"a": ' * 200_000])
def test_read_json(text):
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(text)


def test_it_is_read_in_one_place():
    found = {
        path.name
        for path in PACKAGE.rglob("*.py")
        if re.search(r"json\.loads?\b[^`]", path.read_text())
    }
    assert found == TRUSTED


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("boxes.json", load_boxes),
        ("config.json", lambda path: load_run_config(path.parent)),
        ("config.json", lambda path: load_run_record(path.parent)),
        ("config.json", lambda path: RunConfig.from_json(path.read_text())),
        ("checkpoints/best.json",
         lambda path: checkpoints.load_best(path.parents[1])),
        ("best.json", lambda path: BestCheckpoint.from_json(path.read_text())),
        ("1/export.json", lambda path: load_record(path.parent)),
        ("evaluation/1.json", load_report),
        ("t.json", lambda path: read_table("t.json", path.read_bytes())),
    ],
)  # fmt: skip
def test_it_is_refused(tmp_path, name, read):
    path = write(tmp_path / name)
    with pytest.raises(ValueError) as error:
        read(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["config.json", "export.json"])
def test_it_makes_no_folder_this_programs_own(tmp_path, name):
    write(tmp_path / name)
    assert not is_own_folder(str(tmp_path), {name})


def test_what_is_kept_is_made_anew(tmp_path):
    row = KeptRow(tmp_path, {"a": 1})
    write(row._get_path(10))
    assert row.load(10) is None
    footer = DEEP.encode()
    (tmp_path / "a.images").write_bytes(
        footer + len(footer).to_bytes(8, "little")
    )
    assert open_cache(tmp_path / "a.images") is None


@pytest.mark.parametrize(
    "name", ["config.json", "sub/export.json", "notes.json"]
)
def test_images_beside_it_are_used(tmp_path, capsys, name):
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    write(pictures / name)
    argv = [f"--image_dir={pictures}", f"--output={tmp_path / 's.png'}"]
    assert data.main(argv) == 0
    assert "12 images" in capsys.readouterr().out


def test_commands_name_the_file(tmp_path, capsys):
    pictures = tiny_run.make_pictures(tmp_path / "pictures", 24)
    run_dir = tiny_run.make_run(tmp_path / "run", pictures)
    labels = write(tmp_path / "deep.json")
    write(run_dir / "evaluation" / "1.json")
    argv = [f"--run_dir={run_dir}", "--features=random", "--num_samples=10"]
    assert evaluate.main([*argv, "--measures=sliced_wasserstein"]) == 0
    assert load_report(run_dir / "evaluation" / "1.json")["measures"]
    write(run_dir / "config.json")
    flag = f"--run_dir={run_dir}"
    output = f"--output={tmp_path / 's.png'}"
    for command, argv, named in (
        (data, [f"--image_dir={pictures}", f"--labels={labels}", output],
         labels),
        (sample, [flag, output], run_dir / "config.json"),
        (evaluate, [flag], run_dir / "config.json"),
        (train, [flag, f"--image_dir={pictures}"], run_dir / "config.json"),
    ):  # fmt: skip
        capsys.readouterr()
        assert command.main(argv) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert str(named) in line and "nested too deeply" in line
