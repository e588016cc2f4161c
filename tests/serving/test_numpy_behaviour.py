"""Exports by programs that gave tensors NumPy's behaviour.

It can't be taken back, so that each such program is a process of its own.
"""

import json

import numpy as np
import pytest
import tensorflow as tf
from fixtures import forked

import dcgan_tf

PROGRAM = """
import json, sys
import numpy as np
import tensorflow as tf
import dcgan_tf

tf.experimental.numpy.experimental_enable_numpy_behavior()
run_dir, folder = sys.argv[1:]
run = dcgan_tf.load(run_dir)
run.export(folder, log=None)
export = dcgan_tf.load(folder)
images = export.sample(3)
features = tf.saved_model.load(folder + "/discriminator_features/1")
files = tf.stack([tf.io.encode_png(image) for image in images])
encoded = features.signatures["encoded"](image_bytes=files)["features"]
refusal = ""
try:
    features.signatures["encoded"](image_bytes=tf.constant([b"no image"]))
except tf.errors.InvalidArgumentError as error:
    refusal = error.message
print(json.dumps({
    "sample": images.tolist(),
    "run's sample": run.sample(3).tolist(),
    "walk": run.walk(2, 1).tolist(),
    "features": export.features(images).tolist(),
    "encoded": encoded.numpy().tolist(),
    "refusal": refusal,
}))
"""


@pytest.fixture(scope="module")
def found(run_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("numpy") / "export"
    ended = forked.run(["-c", PROGRAM, str(run_dir), str(folder)], timeout=600)
    assert ended.returncode == 0, ended.stderr
    return folder, json.loads(ended.stdout.splitlines()[-1])


def test_an_export_is_made_and_is_as_any(found, run_dir):
    folder, values = found
    export = dcgan_tf.load(folder)
    images = export.sample(3)
    assert values["sample"] == images.tolist()
    assert values["run's sample"] == dcgan_tf.load(run_dir).sample(3).tolist()
    assert values["walk"] == dcgan_tf.load(run_dir).walk(2, 1).tolist()
    features = export.features(images)
    np.testing.assert_allclose(values["features"], features, atol=1e-4)


def test_it_reads_image_files(found):
    folder, values = found
    np.testing.assert_allclose(values["encoded"], values["features"], atol=1e-4)
    assert "not a whole JPEG or PNG" in values["refusal"]
    # And in a process of a usual kind.
    features = tf.saved_model.load(str(folder / "discriminator_features" / "1"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a whole"):
        features.signatures["encoded"](image_bytes=tf.constant([b"no image"]))
