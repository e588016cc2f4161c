"""Deep convolutional generative adversarial networks, trained and shipped.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks", arXiv 1511.06434.

`train` and `load` return a `Run`: samples, features, walks, measures and
exports. Importing the package is quick; TensorFlow is imported with the first
of these.
"""

import importlib
from typing import TYPE_CHECKING

from dcgan_tf.registration import register_layers_with_keras
from dcgan_tf.version import __version__

if TYPE_CHECKING:
    from dcgan_tf import images
    from dcgan_tf.api import Run, load, train
    from dcgan_tf.runs.trained_model import (
        load_feature_extractor,
        load_generator,
    )

__all__ = [
    "Run",
    "__version__",
    "images",
    "load",
    "load_feature_extractor",
    "load_generator",
    "train",
]
_MODULES = {
    "Run": "dcgan_tf.api",
    "load": "dcgan_tf.api",
    "load_feature_extractor": "dcgan_tf.runs.trained_model",
    "load_generator": "dcgan_tf.runs.trained_model",
    "train": "dcgan_tf.api",
}

register_layers_with_keras()


def __getattr__(name: str):
    """Imports what needs TensorFlow only when it is asked for."""
    if name == "images":
        return importlib.import_module("dcgan_tf.images")
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'dcgan_tf' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
