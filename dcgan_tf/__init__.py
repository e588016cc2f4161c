"""Deep convolutional generative adversarial networks, trained and shipped.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks", arXiv 1511.06434.
"""

from dcgan_tf.registration import register_layers_with_keras
from dcgan_tf.version import __version__

__all__ = ["__version__", "load_feature_extractor", "load_generator"]

register_layers_with_keras()


def __getattr__(name: str):
    """Loads what needs TensorFlow only when it is asked for."""
    if name in ("load_feature_extractor", "load_generator"):
        from dcgan_tf.runs import trained_model

        return getattr(trained_model, name)
    raise AttributeError(f"module 'dcgan_tf' has no attribute {name!r}")
