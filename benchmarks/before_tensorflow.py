"""Imports TensorFlow without its start-up notices, as the commands do.

For what imports TensorFlow, before it does; once this has been imported,
`CUDA_VISIBLE_DEVICES` is read.
"""

import os

from dcgan_tf.cli.command import import_tensorflow

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import_tensorflow()
