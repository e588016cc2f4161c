import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from fixtures.errors import list_errors

from dcgan_tf import scratch
from dcgan_tf.cli import export
from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.serving import versions

RECORD = versions.ExportRecord(
    RunConfig(ModelConfig(), DataConfig(), TrainingConfig()), 3, "/runs/a"
)


def fill(tmp_dirs):
    for folder in tmp_dirs.values():
        (folder / "model").write_text("whole")


def write(export_dir, kinds=("one", "two"), fill=fill):
    return versions.write_version(export_dir, kinds, RECORD, fill)


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


def test_the_number_is_free_in_kinds_that_are_not_written(tmp_path):
    numbers = [write(tmp_path, [kind]) for kind in versions.KINDS]
    assert numbers == [1, 2, 3, 4]
    assert write(tmp_path, ["one"]) == 5


def test_a_number_taken_by_another_kind_while_writing_is_passed_over(
    tmp_path, monkeypatch
):
    """Between the look at what is there and the claim."""
    find_versions = versions.find_versions
    wrote = []

    def find_then_write(folder):
        found = find_versions(folder)
        if not wrote and folder.name == versions.KINDS[-1]:
            wrote.append(folder)
            write(tmp_path, [versions.WEB])
        return found

    monkeypatch.setattr(versions, "find_versions", find_then_write)
    assert write(tmp_path, [versions.GENERATOR]) == 2
    assert names(tmp_path / versions.WEB) == ["1"]


def test_versions_count_in_numbers(tmp_path):
    (tmp_path / "one" / "9").mkdir(parents=True)
    assert write(tmp_path, ["one"]) == 10
    assert write(tmp_path, ["one"]) == 11


def test_an_error_leaves_nothing(tmp_path):
    def fail(tmp_dirs):
        fill(tmp_dirs)
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError):
        write(tmp_path / "exports" / "new", fill=fail)
    assert names(tmp_path) == []
    write(tmp_path, ["one"])
    with pytest.raises(RuntimeError):
        write(tmp_path, fill=fail)
    assert names(tmp_path) == ["one"] and names(tmp_path / "one") == ["1"]


def test_a_kill_leaves_no_numbered_folder_and_blocks_nobody(tmp_path):
    code = (
        "import os, sys\n"
        # As in a container, where every process has this number.
        "os.getpid = lambda: 1\n"
        "from dcgan_tf.serving import versions\n"
        "def write(tmp_dirs):\n"
        "    (tmp_dirs['one'] / 'model').write_text('half')\n"
        "    print('writing', flush=True)\n"
        "    sys.stdin.read()\n"
        "versions.write_version(sys.argv[1], ['one', 'two'], None, write)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as process:
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    (leftover,) = (tmp_path / "one").iterdir()
    assert not leftover.name.isdecimal()
    assert write(tmp_path) == 1
    # It may be another's work until nothing was written for hours.
    assert leftover.is_dir()
    long_ago = time.time() - 2 * 24 * 3600
    for path in (leftover / "model", leftover):
        os.utime(path, (long_ago, long_ago))
    assert write(tmp_path) == 2
    assert names(tmp_path / "one") == ["1", "2"]


@pytest.mark.parametrize("kind", versions.KINDS)
def test_any_export_removes_what_a_killed_one_left(tmp_path, kind):
    leftover = tmp_path / kind / ".writing-a-0123456789ab"
    leftover.mkdir(parents=True)
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(leftover, (long_ago, long_ago))
    write(tmp_path, ["one"])
    assert not leftover.exists()


def test_two_at_once_take_two_numbers(tmp_path):
    both_wrote = threading.Barrier(2)
    numbers = []

    def export(kinds):
        def fill_together(tmp_dirs):
            fill(tmp_dirs)
            both_wrote.wait(60)

        numbers.append(write(tmp_path, kinds, fill_together))

    threads = [
        threading.Thread(target=export, args=(kinds,))
        for kinds in (["one", "two"], ["two", "three"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert sorted(numbers) == [1, 2]
    assert names(tmp_path / "two") == ["1", "2"]
    assert len(names(tmp_path / "one")) == len(names(tmp_path / "three")) == 1
    assert names(tmp_path) == ["one", "three", "two"]


def test_a_number_taken_while_writing_is_passed_over(tmp_path):
    def fill_slowly(tmp_dirs):
        fill(tmp_dirs)
        write(tmp_path, ["one"])

    assert write(tmp_path, fill=fill_slowly) == 2
    assert names(tmp_path / "one") == ["1", "2"]
    assert names(tmp_path / "two") == ["2"]


def test_a_number_that_a_killed_process_claimed_is_passed_over(tmp_path):
    (tmp_path / ".writing-version-1").mkdir()
    assert write(tmp_path) == 2


@pytest.mark.parametrize("is_there", [True, False])
def test_a_move_of_nothing_is_an_error(tmp_path, is_there):
    def lose(tmp_dirs):
        fill(tmp_dirs)
        shutil.rmtree(tmp_dirs["two"])
        if is_there:
            tmp_dirs["two"].mkdir()

    with pytest.raises(FileNotFoundError, match="gone before"):
        write(tmp_path, fill=lose)
    assert names(tmp_path) == []


def test_the_record_describes_what_to_send(tmp_path):
    write(tmp_path, [versions.GENERATOR, versions.FEATURES, "tflite"])

    def load(kind):
        path = tmp_path / kind / "1" / versions.RECORD_FILE
        return json.loads(path.read_text(encoding="utf-8"))

    latents = load(versions.GENERATOR)["signatures"]["png"]["inputs"]["latents"]
    assert latents["shape"] == [None, 100]
    assert "uniform in [-1, 1]" in latents["values"]
    features = load(versions.FEATURES)["signatures"]["serving_default"]
    assert "in [-1, 1]" in features["inputs"]["images"]["values"]
    assert "signatures" not in load("tflite")


def test_only_own_old_versions_are_removed(tmp_path):
    for _ in range(4):
        write(tmp_path, ["one"])
    (tmp_path / "one" / "7").mkdir()
    (tmp_path / "one" / "notes").mkdir()
    assert versions.remove_old_versions(tmp_path / "one", 0) == []
    assert versions.remove_old_versions(tmp_path / "one", 2) == [1, 2]
    assert names(tmp_path / "one") == ["3", "4", "7", "notes"]


def test_pinned_versions_stay_beside_the_newest(tmp_path):
    for _ in range(5):
        write(tmp_path, ["one"])
    one = tmp_path / "one"
    assert versions.find_old_versions(one, 0) == []
    assert versions.find_old_versions(one, 2) == [1, 2, 3]
    assert versions.remove_old_versions(one, 2, {2, 5, 9}) == [1, 3]
    assert names(one) == ["2", "4", "5"]


def test_a_version_that_another_export_removes_is_passed_over(
    tmp_path, monkeypatch
):
    for _ in range(3):
        write(tmp_path, ["one"])
    make_dir = scratch.make_dir

    def remove_first(folder):
        shutil.rmtree(tmp_path / "one" / "1", ignore_errors=True)
        return make_dir(folder)

    monkeypatch.setattr(scratch, "make_dir", remove_first)
    assert versions.remove_old_versions(tmp_path / "one", 1) == [2]
    assert names(tmp_path / "one") == ["3"]


def test_a_folder_without_exports_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no export"):
        versions.find_newest(tmp_path / "one")
    (tmp_path / "one" / "1").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="not written by dcgan_tf"):
        versions.load_record(tmp_path / "one" / "1")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written"):
        write(tmp_path / "file")


DAMAGED_RECORDS = [
    ("", "Expecting value"),
    ('{"config"', "Expecting"),
    ("{}", "'config'"),
    ("[]", "list indices"),
    ("null", "NoneType"),
    ('{"config": {"model": 3}}', "not a run's configuration"),
    ('{"config": CONFIG, "step": 3}', "'run_dir'"),
    ('{"config": CONFIG, "step": "x", "run_dir": "a"}', "'x'"),
    ('{"config": CONFIG, "step": 3, "run_dir": 4}', "not int"),
]


@pytest.mark.parametrize("text, message", DAMAGED_RECORDS)
def test_a_damaged_record_is_named(tmp_path, text, message):
    text = text.replace("CONFIG", json.dumps(RECORD.config.to_dict()))
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / versions.RECORD_FILE).write_text(text)
    with pytest.raises(ValueError, match="7' is damaged .export.json") as error:
        versions.load_record(tmp_path / "7")
    assert message in str(error.value)
    assert "export the run again" in str(error.value)


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["0003"], {3: "0003"}),
        (["3", "0003", "03"], {3: "3"}),
        (["0003", "03"], {3: "03"}),
        (["9", "0010", "2"], {2: "2", 9: "9", 10: "0010"}),
        (["0", "000"], {0: "0"}),
        (["3", "٣", "４", "²", "+5", "-6", "7.0", "8a", "0x9"], {3: "3"}),
        ([str(2**63), str(2**63 - 1)], {2**63 - 1: str(2**63 - 1)}),
    ],
)
def test_versions_are_found_as_servers_parse_their_names(
    tmp_path, folders, found
):
    for name in folders:
        (tmp_path / name).mkdir()
    (tmp_path / "77").touch()
    paths = versions.find_version_dirs(tmp_path)
    assert {number: path.name for number, path in paths.items()} == found
    assert list(paths) == versions.find_versions(tmp_path) == sorted(found)
    assert versions.find_newest(tmp_path).name == found[max(found)]


def test_a_version_of_another_name_is_found_by_it(tmp_path):
    for _ in range(3):
        write(tmp_path, ["one"])
    one = tmp_path / "one"
    (one / "3").rename(one / "0003")
    assert versions.load_record(versions.find_newest(one)) == RECORD
    assert write(tmp_path, ["one"]) == 4
    (one / "1").rename(one / "01")
    assert versions.find_old_versions(one, 1) == [1, 2, 3]
    assert versions.remove_old_versions(one, 1, {2}) == [1, 3]
    assert names(one) == ["2", "4"]


@pytest.mark.parametrize("kind", versions.KINDS)
@pytest.mark.parametrize(
    ("taken", "number"),
    [
        (2**63 - 3, 2**63 - 2),
        (2**63 - 2, 2**63 - 1),
        (2**63 - 1, None),
        # Passed over, as servers do.
        (2**63, 1),
    ],
)
def test_no_version_gets_a_number_that_is_passed_over(
    run_dir, tmp_path, capsys, kind, taken, number
):
    (tmp_path / kind / str(taken)).mkdir(parents=True)
    if number is not None:
        versions.check_writable(tmp_path)
        assert write(tmp_path) == number
        assert versions.find_versions(tmp_path / "one") == [number]
        return
    message = f"version {taken}, the largest number that a server takes"
    for refused in (versions.check_writable, write):
        with pytest.raises(ValueError, match=message):
            refused(tmp_path)
    argv = [f"--run_dir={run_dir}", f"--export_dir={tmp_path}"]
    assert export.main(argv) == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert message in line and "another --export_dir" in line
    assert names(tmp_path / kind) == [str(taken)]


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_last_number_taken_while_writing_leaves_none(tmp_path, is_claimed):
    (tmp_path / "one" / str(2**63 - 2)).mkdir(parents=True)
    if is_claimed:
        (tmp_path / f".writing-version-{2**63 - 1}").mkdir()

    def fill_late(tmp_dirs):
        fill(tmp_dirs)
        if not is_claimed:
            write(tmp_path)

    with pytest.raises(ValueError, match="largest number that a server takes"):
        write(tmp_path, fill=fill_late)
    assert versions.find_versions(tmp_path / "two") == (
        [] if is_claimed else [2**63 - 1]
    )
