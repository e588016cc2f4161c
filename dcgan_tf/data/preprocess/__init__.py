"""Preprocessing of one image: channels, padding, crop, resize.

Pure TensorFlow operations, so that the same code runs eagerly, in tf.data
and inside an exported graph: what a served model sees is what training saw.
"""
