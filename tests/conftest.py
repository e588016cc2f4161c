"""What every test shares: quiet logs, no network, small data, a cache folder.

Imports of TensorFlow are inside the functions: the CPU is split in two when
the session starts, which has to come before anything uses it.
"""

import collections
import gc
import os
import signal

import pytest
from fixtures.skip_rules import (  # noqa: F401 - Hooks are found by their names.
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Nothing in the tests may hang on a download.
os.environ.setdefault("NO_GCE_CHECK", "true")


def pytest_sessionstart(session):
    """Splits the CPU in two, for tests on two replicas.

    Now, since no test module may start TensorFlow before. The process that
    spreads tests over others runs none, and needs none.
    """
    if session.config.getoption("dist", "no") != "no":
        return
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Puts files with slow tests first.

    Processes share the files; a long one at the end would keep one of them
    busy alone.
    """
    num_slow = collections.Counter(
        item.path for item in items if item.get_closest_marker("slow")
    )
    items.sort(key=lambda item: -num_slow[item.path])


def pytest_collection_finish(session):
    """Exempts what is there by now from garbage collection, and has it rarer.

    TensorFlow and some thousand tests stay until the end. Looking through
    them again and again took a twentieth of all the time. Tracing makes more
    objects than Python's own threshold is for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable():
    """Lets a report pass between processes whatever a test printed.

    Names of files that are not UTF-8 are printed by the tests of paths, and
    no string with such characters can be sent.
    """
    return _make_encodable((yield))


def _make_encodable(value):
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _make_encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_make_encodable, value))
    return value


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy that mirrors variables on two logical CPUs."""
    import tensorflow as tf

    from dcgan_tf.training.distribution.strategy import mirror_over

    devices = tf.config.list_logical_devices("CPU")
    return mirror_over(tuple(device.name for device in devices))


@pytest.fixture(scope="session", autouse=True)
def session_cache_home(tmp_path_factory):
    """Keeps the user's own cache out of the tests, and theirs out of it."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("session_cache")
        patch.setenv("XDG_CACHE_HOME", str(home))
        yield home


@pytest.fixture
def cache_home(tmp_path_factory, monkeypatch):
    """An empty cache folder for one test alone."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture
def hangups():
    """Takes SIGHUP as a terminal's shell does, also where nohup ignores it."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, previous)


@pytest.fixture
def write_pictures():
    """Writes noise: `write_pictures(folder, names, size)`."""
    import numpy as np
    from PIL import Image

    def write(folder, names, size=(20, 20), seed=0):
        rng = np.random.default_rng(seed)
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = rng.integers(0, 256, (*size, 3), np.uint8)
            Image.fromarray(noise).save(path, format="PNG")

    return write


@pytest.fixture
def few_faces(monkeypatch):
    """Makes toy_faces small, so that a test doesn't draw thousands."""
    from dcgan_tf.data import embedded

    monkeypatch.setattr(
        embedded, "_TOY_FACES", {"train": (300, 0), "test": (50, 1)}
    )


def _make_digits_few():
    """Makes mnist_5k a tenth of itself: 400 digits, and 100 held out.

    Preparing all of them takes as long as tracing a small network. New
    processes that a test starts still have them all.
    """
    from dcgan_tf.data import embedded

    read_all = embedded._read_mnist_5k

    def read_few():
        images, labels = read_all()
        return images[::10], labels[::10]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_read_mnist_5k", read_few)
        yield


few_digits = pytest.fixture(scope="module")(_make_digits_few)
few_digits_once = pytest.fixture(_make_digits_few)


@pytest.fixture
def few_precisions(monkeypatch):
    """A LiteRT file of floats and one of integers: others test each kind."""
    from dcgan_tf.serving.lite import lite_files

    few = {None: ("float32",), 1: ("full_int8",)}
    monkeypatch.setattr(lite_files, "_PRECISIONS", few)


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory):
    """An untrained run of 32x32 toy faces with a sample grid.

    Read by several modules: write into a copy.
    """
    from fixtures.toy_faces_run import make_toy_faces_run

    return make_toy_faces_run(tmp_path_factory.mktemp("analysis") / "faces")
