"""Keras's layers and Adam on faster kernels for processors.

Keras comes first: once it is imported it imports this package's layers, and
must not do so halfway through one of them.
"""

import keras

from dcgan_tf.kernels.keras_settings import check_backend

check_backend(keras.config.backend())
