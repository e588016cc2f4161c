"""Graphs whose activations others look at are left as they are."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from fixtures import tiny_run
from tensorflow.python.eager import context as eager_context

from dcgan_tf.context.graph_rewrites import REMAPPING, without_rewrites
from dcgan_tf.runs.trained_model import ExportedGraphs, load_trained_model


def is_remapping():
    options = eager_context.context().function_call_options
    serialized = options.config_proto_serialized
    config = tf.compat.v1.ConfigProto.FromString(serialized)
    rewrites = config.graph_options.rewrite_options
    return rewrites.remapping != rewrites.OFF


def test_what_was_set_before_is_set_after():
    assert is_remapping()
    with without_rewrites(REMAPPING):
        assert not is_remapping()
        with without_rewrites(REMAPPING):
            assert not is_remapping()
        assert not is_remapping()
    with pytest.raises(ZeroDivisionError), without_rewrites(REMAPPING):
        raise ZeroDivisionError
    assert is_remapping()


def test_features_are_computed_without(tmp_path):
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    run_dir = tiny_run.make_run(tmp_path / "run", pictures)
    seen = []

    def extract(images):
        seen.append(is_remapping())
        return {"features": tf.reshape(images, (len(images), -1))}

    model = dataclasses.replace(
        load_trained_model(run_dir),
        exported=ExportedGraphs(
            load_sampler=None,
            load_extractor=lambda: extract,
            digest_generator=None,
        ),
    )
    model.compute_features(np.zeros((3, 16, 16, 3), np.uint8))
    assert seen == [False] and is_remapping()
