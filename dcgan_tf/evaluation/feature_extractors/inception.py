"""The `inception` feature extractor: the 2015 graph of published FIDs.

Only distances in its features may be called FID, KID or Inception score. The
file, `classify_image_graph_def.pb`, is not part of this project.
"""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    FeatureExtractor,
)
from dcgan_tf.images import lay_on_checks

_FILE = "classify_image_graph_def.pb"
# Names in that graph. Its own bilinear resize to 299 pixels, which doesn't
# antialias, and its scaling come after ExpandDims.
_INPUT = "ExpandDims:0"
_FEATURES = "pool_3:0"
# The last matrix product's weights. Published scores leave the bias out,
# since the product is redone here: the graph's own takes one image only.
_CLASS_WEIGHTS = "softmax/logits/MatMul"


def load_inception(path: str | os.PathLike) -> FeatureExtractor:
    """Loads the network that FIDs are published in.

    Args:
        path: Of `classify_image_graph_def.pb`, as unpacked from
            `inception-2015-12-05.tgz`.

    Returns:
        A network of 2,048 features and 1,008 probabilities.

    Raises:
        FileNotFoundError: If the file isn't there.
        ValueError: If it is another file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"Inception graph {os.fspath(path)!r} is not there; give the path "
            f"of {_FILE}, from TensorFlow's inception-2015-12-05.tgz"
        )
    run = _import_graph(path)

    def apply(images: np.ndarray):
        if images.shape[-1] == 4:
            images = lay_on_checks(images)
        if images.shape[-1] == 1:
            images = np.repeat(images, 3, axis=-1)
        # Levels of 0 to 255: the graph scales them itself.
        features, probabilities = run(tf.constant(images, tf.float32))
        return features.numpy(), probabilities.numpy()

    return FeatureExtractor(
        name="inception",
        description=f"2015 graph {path.name}",
        resize="the graph's own: bilinear to 299x299, not antialiased",
        seed=None,
        apply=apply,
    )


def _import_graph(path: Path):
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(path.read_bytes())
    except Exception as error:
        raise ValueError(
            f"{os.fspath(path)!r} is no graph ({error}); give {_FILE}"
        ) from error
    missing = {
        name.split(":")[0] for name in (_INPUT, _FEATURES, _CLASS_WEIGHTS)
    } - {node.name for node in graph_def.node}
    if missing:
        raise ValueError(
            f"{os.fspath(path)!r} is another graph than {_FILE}: it has no "
            f"{', '.join(sorted(missing))}"
        )

    def compute(images):
        features, product = tf.graph_util.import_graph_def(
            graph_def,
            input_map={_INPUT: images},
            return_elements=[_FEATURES, _CLASS_WEIGHTS],
            name="inception",
        )
        features = tf.reshape(features, [tf.shape(images)[0], -1])
        weights = product.inputs[1]
        return features, tf.nn.softmax(tf.matmul(features, weights))

    return tf.function(
        compute, [tf.TensorSpec((None, None, None, 3), tf.float32)]
    )
