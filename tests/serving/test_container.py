"""The real TensorFlow Serving, in the container that the project deploys."""

import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.serving import client, model_server

DEPLOY = Path(__file__).parents[2] / "deploy" / "serving"
COMPOSE = {
    "plain": ["compose.yaml"],
    "batching": ["compose.yaml", "compose.batching.yaml"],
}
START_SECONDS = 120
REST, GRPC = "127.0.0.1:8501", "127.0.0.1:8500"

pytestmark = [pytest.mark.container, pytest.mark.slow]


def find_image():
    for line in (DEPLOY / "compose.yaml").read_text().splitlines():
        if line.strip().startswith("image:"):
            return line.split()[1]
    raise AssertionError("compose.yaml names no image")


def succeeds(*command):
    return subprocess.run(command, capture_output=True).returncode == 0


def require_docker():
    """Skips the test where there is no Docker, saying what it needs."""
    if not (shutil.which("docker") and succeeds("docker", "info")):
        pytest.skip("the real server needs Docker, whose engine isn't here")
    if not succeeds("docker", "compose", "version"):
        pytest.skip("the real server needs Docker's compose plugin")
    image = find_image()
    if not succeeds("docker", "image", "inspect", image):
        pytest.skip(f"the real server needs its image: docker pull {image}")


@pytest.fixture(scope="module", params=COMPOSE)
def server(request):
    require_docker()
    export_dir = request.getfixturevalue("export_dir")
    files = [
        part
        for name in COMPOSE[request.param]
        for part in ("-f", DEPLOY / name)
    ]
    compose = ["docker", "compose", "-p", "dcgan_tf_test", *files]

    def call(*arguments):
        return subprocess.run(
            [*compose, *arguments],
            env={**os.environ, "EXPORT_DIR": str(export_dir)},
            capture_output=True,
            text=True,
        )

    started = call("up", "-d", "--pull=never")
    try:
        assert started.returncode == 0, started.stderr
        wait_until_served(lambda: call("logs").stdout)
        yield
    finally:
        call("down", "--volumes", "--timeout=5")


def wait_until_served(read_logs):
    predict = client.connect_rest(REST, timeout_seconds=5)
    stop = time.monotonic() + START_SECONDS
    while True:
        try:
            return client.sample_images(predict, [0])
        except client.ServerError as error:
            if time.monotonic() > stop:
                raise AssertionError(read_logs()[-3000:]) from error
            time.sleep(1)


@pytest.fixture(scope="module", params=["rest", "grpc"])
def predict(request, server):
    address = {"rest": REST, "grpc": GRPC}[request.param]
    return client.PROTOCOLS[request.param](address)


@pytest.fixture(scope="module")
def models(export_dir):
    return {
        name: tf.saved_model.load(str(export_dir / name / "1"))
        for name in ("generator", "discriminator_features")
    }


@pytest.mark.parametrize("count", [1, 7])
def test_it_draws_what_the_export_draws(predict, models, count):
    seeds = np.arange(count)
    given = client.sample_images(predict, seeds)
    expected = models["generator"].signatures["sample"](seeds=seeds)["images"]
    assert np.abs(given.astype(int) - expected).max() <= 1


def test_it_gives_features_of_png_files(predict, models, tmp_path):
    generator = models["generator"].signatures
    _, specs = generator["png"].structured_input_signature
    latents = latents_from_seeds(np.arange(5), specs["latents"].shape[1])
    answer = predict("generator", "png", {"latents": latents.numpy()})
    paths = []
    for index, contents in enumerate(answer["image_bytes"]):
        paths.append(tmp_path / f"{index}.png")
        paths[-1].write_bytes(contents)
    given = client.extract_features(predict, paths, batch_size=3)
    expected = models["discriminator_features"].signatures["encoded"](
        image_bytes=tf.constant([path.read_bytes() for path in paths])
    )["features"]
    np.testing.assert_allclose(given, expected, rtol=1e-3, atol=1e-4)


def test_it_refuses_in_words(predict):
    with pytest.raises(client.ServerError, match="not a whole JPEG or PNG"):
        predict(
            "discriminator_features",
            "encoded",
            {"image_bytes": np.array([b"no image"], object)},
        )


def test_prometheus_is_told(server):
    address = f"http://{REST}{model_server.METRICS_PATH}"
    with urllib.request.urlopen(address, timeout=10) as response:
        assert b"tensorflow" in response.read()
