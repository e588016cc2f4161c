"""A SavedModel has nothing of what a program had around its export."""

import contextlib
import itertools

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from dcgan_tf.serving import versions
from dcgan_tf.serving.export import export_model
from dcgan_tf.serving.lite import convert, descriptions

KINDS = (versions.GENERATOR, versions.FEATURES)


@contextlib.contextmanager
def check_numerics(tmp_path):
    tf.debugging.enable_check_numerics()
    try:
        yield
        # It is still on.
        with pytest.raises(tf.errors.InvalidArgumentError, match="Infinity"):
            tf.math.log(tf.zeros(1))
    finally:
        tf.debugging.disable_check_numerics()


@contextlib.contextmanager
def dump_debug_info(tmp_path):
    tf.debugging.experimental.enable_dump_debug_info(str(tmp_path / "dump"))
    try:
        yield
    finally:
        tf.debugging.experimental.disable_dump_debug_info()


@contextlib.contextmanager
def run_eagerly(tmp_path):
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


SURROUNDINGS = {
    "check_numerics": check_numerics,
    "dump_debug_info": dump_debug_info,
    "run_eagerly": run_eagerly,
    "device": lambda tmp_path: tf.device("/CPU:1"),
    "name": lambda tmp_path: tf.name_scope("mine"),
}


def list_kinds(path):
    """Lists a SavedModel's kinds of operations, and the devices it names."""
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((path / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    bodies = [function.node_def for function in graph.library.function]
    nodes = list(itertools.chain(graph.node, *bodies))
    return {node.op for node in nodes}, {node.device for node in nodes}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_an_export_is_as_without(name, networks, export_dir, tmp_path):
    folder = tmp_path / "export"
    with SURROUNDINGS[name](tmp_path):
        export_model(networks, folder, log=lambda line: None)
    for kind in KINDS:
        assert list_kinds(folder / kind / "1") == list_kinds(
            export_dir / kind / "1"
        )


@pytest.mark.parametrize("name", ["check_numerics", "dump_debug_info"])
def test_lite_files_are_made_as_without(name, networks, tmp_path):
    """The converter knows no such operations."""
    described = descriptions.describe_generator(
        networks.generator, networks.config.model, 1
    )
    convert._save(described, 1, str(tmp_path / "without"))
    with SURROUNDINGS[name](tmp_path):
        convert._save(described, 1, str(tmp_path / "within"))
    assert list_kinds(tmp_path / "within") == list_kinds(tmp_path / "without")
