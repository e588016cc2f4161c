"""Warm-up requests: every signature, two sizes of batch, official messages."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from fixtures.tiny_run import MODEL

from dcgan_tf.serving import interface, warmup

PICTURES = np.linspace(-1, 1, 3 * 16 * 16 * 3, dtype=np.float32).reshape(
    3, 16, 16, 3
)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [interface.GENERATOR, interface.FEATURES])
def test_inputs_are_what_signatures_take(kind, channels):
    model = dataclasses.replace(MODEL, channels=channels)
    inputs = warmup.make_inputs(model, PICTURES[..., :channels])[kind]
    described = interface.describe_signatures(kind, model)
    assert set(inputs) == set(described)
    for signature, rows in inputs.items():
        assert set(rows) == set(described[signature]["inputs"])
        # Fewer pictures than a batch are sent again.
        assert {len(values) for values in rows.values()} == {8}
    if kind == interface.FEATURES:
        first = inputs["encoded"]["image_bytes"][0]
        pixels = tf.io.decode_png(first).numpy() / 127.5 - 1
        given = inputs["serving_default"]["images"][0]
        np.testing.assert_allclose(pixels, given, atol=1 / 127)


def test_a_conditional_generator_is_asked_for_every_class_in_turn():
    model = dataclasses.replace(MODEL, num_classes=3)
    inputs = warmup.make_inputs(model, PICTURES)[interface.GENERATOR]
    for rows in inputs.values():
        assert list(rows["labels"]) == [0, 1, 2, 0, 1, 2, 0, 1]


@pytest.mark.parametrize("name", ["plain", "with [brackets]"])
def test_each_signature_is_asked_with_one_row_and_with_eight(tmp_path, name):
    pytest.importorskip("tensorflow_serving")
    from tensorflow_serving.apis import prediction_log_pb2

    inputs = warmup.make_inputs(MODEL, PICTURES)[interface.GENERATOR]
    folder = tmp_path / name
    count = warmup.save_requests(folder, interface.GENERATOR, inputs)
    plain = (folder / warmup.WARMUP_FILE).rename(tmp_path / "requests")
    asked = []
    for record in tf.data.TFRecordDataset(str(plain)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        assert request.model_spec.name == interface.GENERATOR
        sizes = {len(tf.make_ndarray(v)) for v in request.inputs.values()}
        asked.append((request.model_spec.signature_name, sizes))
    assert len(asked) == count == 6
    for signature in inputs:
        for size in (1, 8):
            assert (signature, {size}) in asked
