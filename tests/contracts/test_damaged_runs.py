"""What people, their tools and power cuts do to a run's folder.

One run has everything done to it at once; each case then looks at what became
of its own.
"""

import json
import shutil

import pytest
from fixtures.checkpoint_files import damage_checkpoint

from dcgan_tf.cli import analyze, evaluate, sample, train
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.metrics import read_metrics

pytestmark = pytest.mark.usefixtures("few_digits")
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=16", "--strategy=one_device", "--precision=float32",
    "--report_every=2", "--sample_every=2", "--checkpoint_every=2",
)  # fmt: skip

# Files of the user's, by name: they are as they were afterwards.
ADDED = {
    "samples/step-0000002 (1).png": b"a copy",
    "samples/step-0000002 - Kopie.png": b"a copy",
    "samples/.DS_Store": b"\0\0\0\1Bud1",
    "checkpoints/ckpt-2 (1).index": b"a copy",
    "checkpoints/ckpt-latest.index": b"a link's copy",
    "checkpoints/.DS_Store": b"\0\0\0\1Bud1",
    "logs/Thumbs.db": b"\0",
    ".DS_Store": b"\0\0\0\1Bud1",
    "config.json~": b"{",
    "config (1).json": b"{",
    "notes.txt": b"my best run",
    "evaluation/4 (1).json": b"{",
    "evaluation/4.json": b'{"measures": ',
}
CUT_GRID = "samples/step-0000004.png"
LINES = {
    "cut grid": CUT_GRID,
    "spreadsheet": "metrics.csv.bak",
    "cut best.json": "best.json.bak",
}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A run of four steps, damaged; returns it and what lay aside."""
    run_dir = tmp_path_factory.mktemp("damaged") / "run"
    assert train.main([*TINY, "--steps=4", f"--run_dir={run_dir}"]) == 0
    for name, contents in ADDED.items():
        path = run_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(contents)
    grid = run_dir / CUT_GRID
    grid.write_bytes(grid.read_bytes()[:100])
    path = run_dir / "metrics.csv"
    text = path.read_text().replace(",", ";").replace(".", ",")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (run_dir / "checkpoints" / "best.json").write_text('{"step": ')
    config = run_dir / "config.json"
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes())
    for path in run_dir.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    return run_dir


@pytest.fixture(scope="module")
def resumed(damaged, tmp_path_factory):
    """The damaged run, resumed; and what that printed."""
    run_dir = tmp_path_factory.mktemp("resumed") / "run"
    shutil.copytree(damaged, run_dir)
    with pytest.MonkeyPatch.context() as patch:
        lines = []
        patch.setattr(
            "dcgan_tf.training.progress.Progress.log",
            lambda self, line: lines.append(line),
        )
        code = train.main([*TINY, "--steps=6", f"--run_dir={run_dir}"])
    return run_dir, code, lines


def test_the_run_is_resumed(resumed):
    run_dir, code, _ = resumed
    assert code == 0
    assert checkpoints.list_steps(run_dir) == [2, 4, 6]
    assert [row["step"] for row in read_metrics(run_dir)] == ["2", "4", "6"]
    for name in ("losses.png", "samples/samples.gif"):
        assert (run_dir / name).stat().st_size > 100


@pytest.mark.parametrize("name", ADDED)
def test_the_users_files_stay(resumed, name):
    assert (resumed[0] / name).read_bytes() == ADDED[name]


@pytest.mark.parametrize("part", LINES.values(), ids=LINES.keys())
def test_each_damage_has_one_line(resumed, part):
    assert len([line for line in resumed[2] if part in line]) == 1


@pytest.mark.parametrize("name", ["metrics.csv", "checkpoints/best.json"])
def test_what_is_made_again_is_kept_as_it_was(damaged, resumed, name):
    kept = resumed[0] / f"{name}.bak"
    assert kept.read_bytes() == (damaged / name).read_bytes()


def test_commands_that_read_it_end_well(damaged, tmp_path):
    flag = f"--run_dir={damaged}"
    assert analyze.main(["report", flag]) == 0
    assert (damaged / "report.html").exists()
    output = tmp_path / "samples.png"
    assert sample.main([flag, f"--output={output}", "--num=4"]) == 0


def test_it_is_evaluated_and_the_cut_results_are_written_anew(
    damaged, tmp_path
):
    run_dir = shutil.copytree(damaged, tmp_path / "run")
    for path in run_dir.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)
    argv = [f"--run_dir={run_dir}", "--features=random", "--num_samples=16"]
    assert evaluate.main([*argv, "--measures=kernel"]) == 0
    results = json.loads((run_dir / "evaluation" / "4.json").read_text())
    assert results["step"] == 4 and "kernel" in str(results)
    for name in ADDED:
        if name != "evaluation/4.json":
            assert (run_dir / name).read_bytes() == ADDED[name]


@pytest.mark.parametrize("command", [sample, evaluate], ids=["sample", "eval"])
def test_a_damaged_mark_of_the_best_checkpoint_is_named(
    damaged, command, capsys
):
    assert command.main([f"--run_dir={damaged}", "--checkpoint=best"]) == 1
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "best.json" in errors and "2, 4" in errors


@pytest.mark.parametrize("checkpoint", ["2", "best"])
def test_a_damaged_checkpoint_that_was_asked_for_is_named(
    damaged, tmp_path, capsys, checkpoint
):
    """The others are sound, and are said to be there."""
    run_dir = shutil.copytree(damaged, tmp_path / "run")
    for path in run_dir.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    checkpoints.mark_best(run_dir, BestCheckpoint(2, "distance", 1.0))
    damage_checkpoint(run_dir, 2)
    argv = [f"--run_dir={run_dir}", "--num=4"]
    argv += [f"--output={tmp_path / 'samples.png'}"]
    assert sample.main([*argv, f"--checkpoint={checkpoint}"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("is damaged; use latest or one of 4")
    assert sample.main([*argv, "--checkpoint=latest"]) == 0


def test_a_damaged_config_is_named(damaged, tmp_path, capsys):
    run_dir = tmp_path / "run"
    shutil.copytree(damaged, run_dir)
    path = run_dir / "config.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:50])
    assert train.main([*TINY, "--steps=6", f"--run_dir={run_dir}"]) == 1
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1 and str(path) in errors


def test_a_file_managers_file_makes_no_folder_a_used_one(tmp_path):
    from dcgan_tf.presets import resolve_run_config
    from dcgan_tf.runs.folder import check_run_dir

    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._x"):
        (tmp_path / name).write_bytes(b"\0")
    check_run_dir(tmp_path, resolve_run_config({}))
