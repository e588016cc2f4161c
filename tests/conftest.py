"""What every test shares: quiet logs and no network."""

import os

import pytest
from skip_rules import (  # noqa: F401 - Hooks are found by their names.
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Nothing in the tests may hang on a download.
os.environ.setdefault("NO_GCE_CHECK", "true")


def pytest_sessionstart(session):
    """Splits the CPU in two, for tests on two replicas.

    Now, since no test module may start TensorFlow before.
    """
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy that mirrors variables on two logical CPUs."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
