"""Networks saved as .keras open after `import dcgan_tf` alone."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from fixtures import forked, tiny_run

import dcgan_tf
from dcgan_tf import registration
from dcgan_tf.kernels.adam import Adam
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.generator import build_generator

MODEL = tiny_run.MODEL
# A map of its D has a side that is no multiple of the grid's.
ODD = dataclasses.replace(MODEL, image_size=(24, 24))
CONDITIONAL = dataclasses.replace(MODEL, num_classes=3)


def build_compiled_discriminator():
    network = build_discriminator(MODEL)
    network.compile(Adam(2e-4), "binary_crossentropy")
    return network


NETWORKS = {
    "generator": lambda: build_generator(MODEL),
    "conditional_generator": lambda: build_generator(CONDITIONAL),
    "discriminator": lambda: build_discriminator(MODEL),
    "conditional_discriminator": lambda: build_discriminator(CONDITIONAL),
    "compiled_discriminator": build_compiled_discriminator,
    "features": lambda: build_feature_extractor(build_discriminator(MODEL)),
    "odd_features": lambda: build_feature_extractor(build_discriminator(ODD)),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """How many parameters there are in each file."""
    folder = tmp_path_factory.mktemp("saved")
    counts = {}
    for name, build in NETWORKS.items():
        network, path = build(), folder / f"{name}.keras"
        network.save(path)
        counts[path] = network.count_params()
    return counts


def start_python(argv):
    return subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True
    )


def run_python(code, *arguments, start=start_python):
    done = start(["-c", code, *map(str, arguments)])
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(
    "imports, start",
    [
        ("import dcgan_tf, keras", start_python),
        # Keras is there before, as it is in what is forked.
        ("import keras, dcgan_tf", forked.run),
        ("import dcgan_tf.kernels.layers, keras", start_python),
    ],
)
def test_saved_networks_open_in_a_fresh_process(saved, imports, start):
    code = (
        f"import sys\n{imports}\n"
        "for path in sys.argv[1:]:\n"
        "    print(keras.saving.load_model(path).count_params())\n"
    )
    printed = run_python(code, *saved, start=start)
    counts = [int(line) for line in printed.split()]
    assert counts == list(saved.values())


def test_another_backend_of_keras_is_left_alone():
    printed = run_python(
        "import os, sys\n"
        "os.environ['KERAS_BACKEND'] = 'openvino'\n"
        "import dcgan_tf, keras\n"
        "print('dcgan_tf.kernels.layers' in sys.modules)"
    )
    assert printed.strip() == "False"


def test_every_module_that_registers_is_named():
    package = Path(dcgan_tf.__file__).parent
    found = {
        "dcgan_tf." + ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if "@keras.saving.register" in path.read_text(encoding="utf-8")
    }
    assert found == set(registration.MODULES)


def test_a_loaded_network_draws_the_same(saved):
    (path,) = [path for path in saved if path.stem == "generator"]
    latents = np.linspace(-1, 1, 10, dtype=np.float32).reshape(2, 5)
    np.testing.assert_array_equal(
        keras.saving.load_model(path)(latents), NETWORKS["generator"]()(latents)
    )
