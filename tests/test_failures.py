"""Errors of files and disks become a line that names the right file."""

import errno

import pytest
import tensorflow as tf

from dcgan_tf import failures

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
