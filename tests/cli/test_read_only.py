"""Folders that can't be written: said before anything slow, in one line."""

import builtins
import errno
import io
import os
import subprocess
from pathlib import Path

import pytest
from fixtures.tiny_run import make_pictures, make_run

import dcgan_tf
from dcgan_tf import scratch
from dcgan_tf.analysis.views import VIEWS
from dcgan_tf.cli import analyze, client, data, dedup, evaluate, sample, views
from dcgan_tf.cli import export as export_command
from dcgan_tf.data import open_source
from dcgan_tf.run_report import report
from dcgan_tf.runs import trained_model
from dcgan_tf.serving import client as serving_client
from dcgan_tf.serving import export

CHEAP = ["--features=random", "--num_samples=16"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """So many that some are held out."""
    folder = tmp_path_factory.mktemp("read_only") / "pictures"
    return make_pictures(folder, 24)


@pytest.fixture(scope="module")
def run_dir(pictures, tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("read_only") / "run", pictures)


@pytest.fixture
def make_read_only(monkeypatch):
    """Makes nothing writable in a folder, whoever tries."""

    def make(folder):
        def refuse(path):
            if folder in Path(os.path.abspath(path), "x").parents:
                raise OSError(
                    errno.EROFS, os.strerror(errno.EROFS), os.fspath(path)
                )

        real_open, real_mkdir = io.open, os.mkdir

        def open_readable(file, mode="r", *args, **options):
            if isinstance(file, str | os.PathLike) and set(mode) & set("wxa+"):
                refuse(file)
            return real_open(file, mode, *args, **options)

        def make_dir(path, *args, **options):
            refuse(path)
            real_mkdir(path, *args, **options)

        monkeypatch.setattr(io, "open", open_readable)
        monkeypatch.setattr(builtins, "open", open_readable)
        monkeypatch.setattr(os, "mkdir", make_dir)

    return make


def fail(*_, **__):
    raise AssertionError("what is slow has begun")


@pytest.fixture
def nothing_slow(monkeypatch):
    """Fails a test once a run is loaded or a server asked."""
    monkeypatch.setattr(trained_model, "load_trained_model", fail)
    monkeypatch.setattr(export, "load_trained_model", fail)
    monkeypatch.setattr(open_source, "load_source", fail)
    monkeypatch.setattr(views, "load_unconditional_model", fail)
    monkeypatch.setattr(report, "load_run_config", fail)
    monkeypatch.setattr(serving_client, "PROTOCOLS", {"rest": fail})


OUTPUTS = {
    "sample": (sample, ["--run_dir=RUN", "--output=OUT/a.png"], "--output"),
    "sample folder": (sample, ["--run_dir=RUN", "--output=OUT/a"], "--output"),
    "data": (data, ["--image_dir=PICTURES", "--output=OUT/a.png"], "--output"),
    "dedup": (
        dedup, ["--image_dir=PICTURES", "--output=OUT/b/a.txt"], "--output",
    ),
    "dedup work": (
        dedup,
        ["--image_dir=PICTURES", "--output=a.txt", "--work_dir=OUT"],
        "--work_dir",
    ),
    "client": (client, ["--num=1", "--output=OUT/a.png"], "--output"),
    "export": (
        export_command, ["--run_dir=RUN", "--export_dir=OUT/e"], "--export_dir",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_outputs_are_refused_before_anything_slow(
    case, run_dir, pictures, tmp_path, make_read_only, nothing_slow,
    monkeypatch, capsys,
):  # fmt: skip
    command, argv, flag = case
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    places = {"RUN": run_dir, "PICTURES": pictures, "OUT": out}
    for name, place in places.items():
        argv = [arg.replace(name, str(place)) for arg in argv]
    make_read_only(out)
    assert command.main(argv) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written (Read-only file system)" in line
    assert f"{str(out)}" in line and ".writing" not in line
    assert line.endswith(f"name another with {flag}")
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    "view", [x for x in VIEWS if VIEWS[x].family in (None, "dcgan")]
)
def test_views_are_refused_before_any_is_drawn(
    view, run_dir, make_read_only, nothing_slow, capsys
):
    make_read_only(run_dir)
    assert analyze.main([view, f"--run_dir={run_dir}"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{str(run_dir)!r} cannot be written (Read-only" in line
    assert line.endswith("copy it, and name the copy with --run_dir")


def list_all(folder):
    return sorted(folder.rglob("*"))


def test_a_run_is_evaluated_and_its_results_are_not_kept(
    run_dir, make_read_only, capsys
):
    before = list_all(run_dir)
    make_read_only(run_dir)
    assert evaluate.main([f"--run_dir={run_dir}", *CHEAP]) == 0
    output, errors = capsys.readouterr()
    assert "kernel" in output
    lines = errors.splitlines()
    (warning,) = [line for line in lines if "cannot be written" in line]
    assert warning.startswith(f"WARNING: {str(run_dir)!r} cannot be written")
    # It can be stopped before it takes its time.
    assert lines.index(warning) == 1, errors
    assert "written: " not in errors
    assert list_all(run_dir) == before


def test_a_run_is_evaluated_by_the_library_too(run_dir, make_read_only, caplog):
    run = dcgan_tf.load(run_dir)
    make_read_only(run_dir)
    result = run.evaluate(["kernel"], features="random", num_samples=16)
    assert "kernel" in result["measures"]["samples"]
    assert "results are not kept" in caplog.text


@pytest.mark.parametrize("name", ["there", "not/there", "file", "link/not"])
def test_a_check_leaves_nothing(name, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("there")
    before = list_all(tmp_path)
    scratch.check_file_writable(
        tmp_path / name if name == "file" else tmp_path / name / "a"
    )
    assert list_all(tmp_path) == before


def test_a_folder_under_a_file_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        scratch.check_folder_writable(tmp_path / "file" / "a")


def test_what_is_no_file_needs_no_folder(make_read_only):
    make_read_only(Path("/dev"))
    scratch.check_file_writable(os.devnull)


@pytest.mark.root
def test_a_file_system_that_is_read_only(tmp_path):
    """Root may write everywhere, but there."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this process can't mount a file system")
    try:
        for check in (
            scratch.check_folder_writable,
            scratch.check_file_writable,
        ):
            with pytest.raises(OSError) as caught:
                check(folder / "a" / "b")
            assert caught.value.errno == errno.EROFS
    finally:
        subprocess.run(["umount", str(folder)], check=True)
