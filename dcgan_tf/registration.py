"""Registers the project's layers with Keras once both are imported.

A network that was saved as `.keras` names its layers' classes, and Keras
finds those of other packages only once they have registered themselves. So
that `import dcgan_tf` is enough, and yet imports neither Keras nor TensorFlow,
the modules with such classes are imported right after Keras is.
"""

import importlib
import importlib.abc
import importlib.util
import sys

# Every module with something that `register_keras_serializable` is on.
MODULES = (
    "dcgan_tf.kernels.adam",
    "dcgan_tf.kernels.layers",
    "dcgan_tf.models.blocks",
    "dcgan_tf.models.discriminator",
    "dcgan_tf.models.dropout",
    "dcgan_tf.models.features",
    "dcgan_tf.models.original_gan",
    "dcgan_tf.models.spectral_norm",
    "dcgan_tf.training.scheduled_sgd",
)


def register_layers_with_keras() -> None:
    """Has the project's layers registered, now or once Keras is imported."""
    if "keras" in sys.modules:
        _import_layers()
    else:
        sys.meta_path.insert(0, _KerasFinder())


class _KerasFinder(importlib.abc.MetaPathFinder):
    """Finds Keras as it is found anyway, and adds a step to its import."""

    def find_spec(self, name, path, target=None):
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_register(module):
                execute(module)
                _import_layers()

            spec.loader.exec_module = execute_and_register
        return spec


def _import_layers() -> None:
    keras = sys.modules["keras"]
    # With another backend, its user has no networks of this project.
    if keras.config.backend() == "tensorflow":
        for name in MODULES:
            importlib.import_module(name)
