"""Exports in loaders and runtimes that this project did not write."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from fixtures import tiny_run

from dcgan_tf.serving import model_server, warmup

MODEL = tiny_run.MODEL
MODELS = {
    "generator": ("latents", (MODEL.latent_dim,), ["images"]),
    "discriminator_features": (
        "images",
        (16, 16, 3),
        ["features", "logits"],
    ),
}
BATCH_SIZES = (1, 7)


def draw_inputs(name, batch_size):
    shape = (batch_size, *MODELS[name][1])
    values = np.random.default_rng(4).uniform(-1, 1, shape)
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def loaded(export_dir):
    return {
        name: tf.saved_model.load(str(export_dir / name / "1"))
        for name in MODELS
    }


@pytest.fixture(scope="module", params=MODELS)
def name(request):
    return request.param


def compute(loaded, name, inputs):
    signature = loaded[name].signatures["serving_default"]
    return signature(**{MODELS[name][0]: inputs})


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_openvino_gives_the_same(export_dir, loaded, name, batch_size):
    openvino = pytest.importorskip(
        "openvino", reason="needs OpenVINO: pip install -e '.[dev]'"
    )
    core = openvino.Core()
    model = core.read_model(str(export_dir / name / "1"))
    compiled = core.compile_model(
        model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    inputs = draw_inputs(name, batch_size)
    given = compiled([inputs])
    for key, expected in compute(loaded, name, inputs).items():
        np.testing.assert_allclose(given[key], expected, atol=1e-4)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_the_servers_own_loader_gives_the_same(
    export_dir, loaded, name, batch_size
):
    library = next(
        Path(tf.sysconfig.get_lib()).glob("libtensorflow_cc.so*"), None
    )
    assert library is not None
    path = export_dir / name / "1"
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(path))
    signature = meta.signature_def["serving_default"]
    inputs = draw_inputs(name, batch_size)
    key = MODELS[name][2][0]
    command = [
        sys.executable,
        str(Path(__file__).parents[1] / "fixtures" / "load_in_c.py"),
        str(library),
        str(path),
        signature.inputs[MODELS[name][0]].name,
        signature.outputs[key].name,
        "x".join(map(str, inputs.shape)),
    ]
    done = subprocess.run(command, input=inputs.tobytes(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    expected = compute(loaded, name, inputs)[key].numpy()
    given = np.frombuffer(done.stdout, np.float32).reshape(expected.shape)
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_every_warmup_record_can_be_answered(export_dir, loaded, name):
    logs = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2",
        reason="needs: pip install -e '.[serving]'",
    )
    path = export_dir / name / "1" / warmup.WARMUP_FILE
    seen = set()
    for record in tf.data.TFRecordDataset(str(path)):
        request = logs.PredictionLog.FromString(
            record.numpy()
        ).predict_log.request
        assert request.model_spec.name == name
        signature = request.model_spec.signature_name
        inputs = {
            key: tf.constant(tf.make_ndarray(value))
            for key, value in request.inputs.items()
        }
        outputs = loaded[name].signatures[signature](**inputs)
        (batch_size,) = {len(value) for value in inputs.values()}
        assert {len(value) for value in outputs.values()} == {batch_size}
        seen.add((signature, batch_size))
    assert seen == {
        (signature, size)
        for signature in loaded[name].signatures
        for size in (1, 8)
    }


def test_the_server_can_read_its_settings(export_dir):
    messages = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2",
        reason="needs: pip install -e '.[serving]'",
    )
    from google.protobuf import text_format

    text = (export_dir / model_server.MODELS_FILE).read_text()
    config = text_format.Parse(text, messages.ModelServerConfig())
    served = config.model_config_list.config
    assert {model.name for model in served} == set(MODELS)
    for model in served:
        assert model.base_path == f"/models/{model.name}"
        assert model.model_version_policy.latest.num_versions == 1
    for name in (model_server.BATCHING_FILE, model_server.MONITORING_FILE):
        text = (export_dir / name).read_text()
        assert text.count("{") == text.count("}") > 0
