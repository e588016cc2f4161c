"""Temporary folders: unique, and removed once nobody writes in them."""

import os
import socket
import stat
import time

import pytest

from dcgan_tf import scratch

HOUR = 3600


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_two_processes_of_one_number_get_two_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 1)  # As in any container.
    assert scratch.make_dir(tmp_path) != scratch.make_dir(tmp_path)


def test_others_may_read_what_will_be_renamed(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.mkdir()
    assert stat.S_IMODE(
        scratch.make_dir(tmp_path).stat().st_mode
    ) == stat.S_IMODE(ordinary.stat().st_mode)


@pytest.mark.parametrize(
    ("there", "written", "left"),
    [
        ("", "", ""),
        ("a", "", "a"),
        ("a/b", "", "a/b"),
        # What holds something isn't ours to remove.
        ("", "a/note", "a"),
        ("", "a/b/half", "a/b"),
    ],
)
def test_a_failure_takes_its_new_folders_along(tmp_path, there, written, left):
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    with pytest.raises(KeyboardInterrupt):
        with scratch.new_folder(tmp_path / "a" / "b"):
            assert (tmp_path / "a" / "b").is_dir()
            if written:
                (tmp_path / written).touch()
            raise KeyboardInterrupt
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert max(folders, default=tmp_path) == tmp_path / left


def test_a_success_keeps_its_new_folders(tmp_path):
    with scratch.new_folder(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    "name, hours, is_removed",
    [
        (".writing-{own}-0123456789ab", 0.5, False),
        (".writing-{own}-0123456789ab", 2, True),
        (".writing-elsewhere-0123456789ab", 2, False),
        (".writing-elsewhere-0123456789ab", 25, True),
        # Version 0.1.0's, of exports and of checkpoints.
        ("writing-1", 2, False),
        ("writing-1", 25, True),
        (".writing-1", 25, True),
        # By which an export takes a number.
        (".writing-version-3", 23, False),
        (".writing-version-3", 25, True),
        (".writing-version-new", 1000, False),
        ("17", 1000, False),
        ("rewriting-1", 1000, False),
        # The user's own.
        ("writing-course", 1000, False),
        (".writing-course", 1000, False),
        ("writing-2024-05", 1000, False),
    ],
)
def test_leftovers_go_by_age_and_host(tmp_path, name, hours, is_removed):
    path = tmp_path / name.format(own=socket.gethostname().replace("-", "_"))
    path.mkdir()
    (path / "half").write_text("written")
    age(path / "half", hours * HOUR)
    age(path, hours * HOUR)
    assert scratch.remove_leftovers(tmp_path) == [path] * is_removed
    assert path.exists() != is_removed


def test_a_folder_that_is_still_written_stays(tmp_path):
    path = scratch.make_dir(tmp_path)
    (path / "variables").mkdir()
    (path / "variables" / "data").write_text("just written")
    age(path / "variables", 100 * HOUR)
    age(path, 100 * HOUR)
    assert scratch.remove_leftovers(tmp_path) == []
    assert scratch.find_all(tmp_path) == [path]


def test_a_temporary_folder_goes_even_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), scratch.tmp_dir(tmp_path) as path:
        (path / "half").write_text("written")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("is_there", [True, False])
def test_a_move_of_nothing_is_an_error(tmp_path, is_there):
    path = scratch.make_dir(tmp_path)
    if not is_there:
        path.rmdir()
    with pytest.raises(FileNotFoundError, match="gone before"):
        scratch.check_not_empty(path)


def test_two_processes_may_write_one_file(tmp_path):
    path = tmp_path / "a"
    with scratch.tmp_file(path) as first, scratch.tmp_file(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_and_what_it_names_is_written(tmp_path, is_there):
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.parent.mkdir()
    if is_there:
        target.write_text("of before")
    link.symlink_to(target)
    scratch.save_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_what_is_no_file_is_written_and_not_replaced(tmp_path):
    """Such as /dev/null."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDWR)
    try:
        scratch.save_text(path, "new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert path.is_fifo() and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_beside_a_file_goes(tmp_path):
    for name, hours in (
        ("a.png.0123456789ab.partial", 25),
        ("a.png.ba9876543210.partial", 23),
        ("a.png.of mine.partial", 25),
    ):
        (tmp_path / name).touch()
        age(tmp_path / name, hours * HOUR)
    scratch.save_text(tmp_path / "a.png", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.png",
        "a.png.ba9876543210.partial",
        "a.png.of mine.partial",
    ]


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "nowhere" / "a.png"
    with pytest.raises(FileNotFoundError) as caught:
        scratch.save_text(path, "")
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("name", ["a" * 255, "\u00e9" * 127])
def test_the_longest_names_are_written_too(tmp_path, name):
    scratch.save_text(tmp_path / name, "new")
    assert (tmp_path / name).read_text() == "new"
