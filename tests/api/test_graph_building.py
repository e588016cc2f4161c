"""Calls of the library from where TensorFlow builds a graph."""

import re

import numpy as np
import pytest
import tensorflow as tf
from fixtures.library_calls import CALLS

import dcgan_tf

REFUSED = {
    **CALLS,
    "load ": lambda run, export_dir, *_: dcgan_tf.load(export_dir),
}
ALLOWED = {
    "generator", "discriminator", "history", "class_names", "is_export",
    "path", "step", "config",
}  # fmt: skip


def call_in_graph(call):
    with tf.Graph().as_default():
        return call()


def call_in_function(call):
    """Returns what it gives; TensorFlow may add lines to errors."""
    found = []

    @tf.function(autograph=False)
    def trace():
        found.append(call())

    trace()
    return found[0]


PLACES = [call_in_graph, call_in_function]


@pytest.fixture(scope="module")
def exported(export_dir):
    return dcgan_tf.load(export_dir)


def test_every_call_is_looked_at():
    functions = set(dcgan_tf.__all__) - {"Run", "images", "__version__"}
    members = {name for name in vars(dcgan_tf.Run) if not name.startswith("_")}
    asked = {name.strip().removeprefix("Run.") for name in REFUSED}
    assert functions | members <= asked | ALLOWED


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_export", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_what_computes_is_refused_in_one_line(
    name, is_export, place, run, exported, export_dir, images, tmp_path
):
    given = exported if is_export else run
    line = f"{name.strip()} is called while a graph is being built; call it"
    with pytest.raises(ValueError, match=re.escape(line)) as refused:
        place(
            lambda: REFUSED[name](
                given, export_dir, images, tmp_path / "folder"
            )
        )
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "folder").exists()


def test_a_graph_has_no_discriminator(run):
    with pytest.raises(ValueError, match=r"Run\.discriminator is called while"):
        call_in_graph(lambda: run.discriminator)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, place)
        for name in sorted(ALLOWED)
        for place in PLACES
        if (name, place) != ("discriminator", call_in_graph)
    ],
)
def test_what_a_run_holds_is_had_anywhere(name, place, run, images):
    expected = getattr(run, name)
    # Whose discriminator nobody has asked for yet.
    loaded = dcgan_tf.load(run.path, images=images)
    found = place(lambda: getattr(loaded, name))
    assert type(found) is type(expected)


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_networks_work_in_functions(name, run, images):
    inputs = {
        "generator": tf.constant(
            np.linspace(-1, 1, 16).reshape(2, 8), tf.float32
        ),
        "discriminator": dcgan_tf.images.to_float(images[:2]),
    }[name]
    loaded = dcgan_tf.load(run.path, images=images)
    compute = tf.function(lambda: getattr(loaded, name)(inputs))
    np.testing.assert_allclose(compute(), getattr(run, name)(inputs), atol=1e-5)


def test_a_python_function_of_a_graph_is_outside(run):
    """As in a step of `tf.data`; it runs when the graph does."""
    sample = tf.function(
        lambda: tf.numpy_function(lambda: run.sample(2), [], tf.uint8)
    )
    np.testing.assert_array_equal(sample(), run.sample(2))
