import signal
import subprocess
import sys

import pytest

from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.serving import versions

RECORD = versions.Record(
    RunConfig(ModelConfig(), DataConfig(), TrainingConfig()), 3, "/runs/a"
)


def write(export_dir, kinds=("one", "two")):
    with versions.write_version(export_dir, kinds, RECORD) as (number, aside):
        for folder in aside.values():
            folder.mkdir()
            (folder / "model").write_text("whole")
    return number


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_number_is_free_in_every_kind(tmp_path):
    assert write(tmp_path) == 1
    assert write(tmp_path, ["two"]) == 2
    assert write(tmp_path) == 3
    assert names(tmp_path / "one") == ["1", "3"]
    assert names(tmp_path / "two") == ["1", "2", "3"]
    assert versions.find_newest(tmp_path / "one").name == "3"
    assert versions.load_record(tmp_path / "one" / "3") == RECORD


def test_versions_count_in_numbers(tmp_path):
    (tmp_path / "one" / "9").mkdir(parents=True)
    assert write(tmp_path, ["one"]) == 10
    assert write(tmp_path, ["one"]) == 11


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError):
        with versions.write_version(tmp_path, ["one", "two"], RECORD) as (
            _,
            aside,
        ):
            aside["one"].mkdir()
            raise RuntimeError("disk on fire")
    assert names(tmp_path / "one") == names(tmp_path / "two") == []


def test_a_kill_leaves_no_numbered_folder_and_is_cleared(tmp_path):
    code = (
        "import sys, time\n"
        "from dcgan_tf.serving import versions\n"
        "with versions.write_version("
        "sys.argv[1], ['one', 'two'], None) as (_, aside):\n"
        "    aside['one'].mkdir()\n"
        "    (aside['one'] / 'model').write_text('half')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    assert versions.find_versions(tmp_path / "one") == []
    assert len(names(tmp_path / "one")) == 1
    assert write(tmp_path) == 1
    assert names(tmp_path / "one") == ["1"]


def test_another_process_at_work_is_left_alone(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
    try:
        busy = tmp_path / "one" / f"writing-{other.pid}"
        busy.mkdir(parents=True)
        write(tmp_path, ["one"])
        assert busy.is_dir()
    finally:
        other.kill()
        other.communicate()


def test_only_own_old_versions_are_removed(tmp_path):
    for _ in range(4):
        write(tmp_path, ["one"])
    (tmp_path / "one" / "7").mkdir()
    (tmp_path / "one" / "notes").mkdir()
    assert versions.remove_old_versions(tmp_path / "one", 0) == []
    assert versions.remove_old_versions(tmp_path / "one", 2) == [1, 2]
    assert names(tmp_path / "one") == ["3", "4", "7", "notes"]


def test_a_folder_without_exports_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no export"):
        versions.find_newest(tmp_path / "one")
    (tmp_path / "one" / "1").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="not written by export.py"):
        versions.load_record(tmp_path / "one" / "1")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written"):
        write(tmp_path / "file")
