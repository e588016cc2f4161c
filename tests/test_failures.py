"""Errors of files and disks become a line that names the right file."""

import errno
import os

import pytest
import tensorflow as tf

from dcgan_tf import failures, scratch

# As eager operations and those of graphs say it.
EAGER = (
    "{{function_node __wrapped__SaveV2_dtypes_2_device_/job:localhost/replica:0"
    "/task:0/device:CPU:0}} "
)


@pytest.mark.parametrize("start", ["", EAGER])
def test_a_full_disk_is_that_of_the_file(start, tmp_path):
    path = f"{tmp_path}/ckpt-4_temp/part-0"
    message = f"{start}{path}; No space left on device [Op:SaveV2]"
    error = tf.errors.ResourceExhaustedError(None, None, message)
    assert failures.find_path(error) == path
    assert f"no space left on the disk of {path!r} (" in failures.describe(
        error
    )


@pytest.mark.parametrize("start", ["", EAGER])
def test_tensorflows_other_errors_of_files_name_them(start):
    message = f"{start}/a b/part-0; Read-only file system"
    error = tf.errors.PermissionDeniedError(None, None, message)
    assert failures.describe(error) == "'/a b/part-0': Read-only file system"


def test_the_systems_errors_have_no_numbers():
    error = FileNotFoundError(errno.ENOENT, "No such file", "/a")
    assert failures.describe(error) == "'/a': No such file"
    assert failures.describe(FileNotFoundError("/a is no run")) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EIO, "Input/output error"), "'/a/b': Input/output"),
        (OSError(errno.EACCES, "Permission denied", "/c"), "'/c': Permission"),
        # The system says nothing of a file: the text may name another.
        (OSError("/c is damaged"), None),
        (OSError(errno.EFBIG, "File too large"), "'/a/b' would be larger"),
        (OSError(errno.ENOSPC, "No space left"), "on the disk of '/a/b'"),
        (
            tf.errors.OutOfRangeError(
                None, None, f"{EAGER}/tmp/x.tempstate1; File too large [Op:S]"
            ),
            "'/a/b' would be larger",
        ),
        (
            tf.errors.UnknownError(None, None, "/tmp/x; Input/output error"),
            "'/a/b': Input/output error",
        ),
        (tf.errors.OutOfRangeError(None, None, "End of sequence"), None),
        (ValueError("/tmp/x; Input/output error"), None),
    ],
)
def test_what_is_written_is_named(error, said):
    with pytest.raises(Exception) as caught, failures.file_named("/a/b"):
        raise error
    described = failures.describe(caught.value)
    assert (said is None) == (described is None)
    assert said is None or said in described


@pytest.mark.parametrize("limit", [None, 2_000])
def test_what_is_too_large_is_said_with_what_would_do(
    limit, tmp_path, monkeypatch
):
    monkeypatch.setattr(failures, "_find_size_limit", lambda: limit)
    path = tmp_path / "a.png"
    with pytest.raises(failures.FileTooLargeError) as caught:
        with failures.full_disk_named(path, advice="Or sing."):
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    text = failures.describe(caught.value)
    assert text == str(caught.value) and text.startswith(f"{str(path)!r} would")
    assert ("(ulimit -f)" in text) == ("2.0 kB" in text) == (limit is not None)
    assert text.endswith("name a folder on another disk. Or sing.")
    assert f"a file in {str(tmp_path)!r}" in failures.describe_too_large(
        tmp_path
    )
    assert failures.describe_too_large(None).startswith("a file would")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO])
def test_a_file_that_can_not_be_removed_either(number, tmp_path, monkeypatch):
    """As on a file system that becomes read-only."""

    def fail(path, *_, **__):
        raise OSError(number, os.strerror(number), os.fspath(path))

    monkeypatch.setattr(os, "unlink", fail)
    path = tmp_path / "a"
    for name in ("open", "unlink"):
        monkeypatch.setattr(type(path), name, fail)
    with pytest.raises(OSError) as caught:
        scratch.save_text(path, "new")
    assert (caught.value.errno, caught.value.filename) == (number, str(path))
