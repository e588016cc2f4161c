"""Keras's convolutions and batch norm on faster CPU kernels.

Each layer has its Keras parent's arguments, variables, names and results, and
falls back to the parent wherever it has no faster kernel.
"""

import keras
import tensorflow as tf

from dcgan_tf.kernels import convolutions


@keras.saving.register_keras_serializable("dcgan_tf")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` with faster gradients (see `convolutions`)."""

    def call(self, inputs, training=None):
        if inputs.shape[0] == 0:
            return _make_empty(self, inputs)
        if not _is_plain(self, inputs.shape, inputs.dtype):
            return super().call(inputs)
        outputs = convolutions.convolve(
            inputs,
            tf.convert_to_tensor(self.kernel),
            self.strides[0],
            is_training=bool(training),
        )
        return _finish(self, outputs)


@keras.saving.register_keras_serializable("dcgan_tf")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, faster (see `convolutions`)."""

    def call(self, inputs, training=None):
        if inputs.shape[0] == 0:
            return _make_empty(self, inputs)
        outputs_shape = tf.TensorShape(self.compute_output_shape(inputs.shape))
        if self.output_padding is not None or not _is_plain(
            self, outputs_shape, inputs.dtype
        ):
            return super().call(inputs)
        outputs = convolutions.convolve_transpose(
            inputs,
            tf.convert_to_tensor(self.kernel),
            self.strides[0],
            is_training=bool(training),
        )
        return _finish(self, outputs)


def _make_empty(layer, inputs):
    """Returns no maps: oneDNN's convolution of none keeps its input's shape."""
    return tf.zeros(layer.compute_output_shape(inputs.shape), inputs.dtype)


def _is_plain(layer, maps_shape, dtype) -> bool:
    """Whether `convolutions` supports a layer with this larger map."""
    return (
        layer.data_format == "channels_last"
        and layer.padding == "same"
        and layer.strides[0] == layer.strides[1]
        and max(layer.dilation_rate) == 1
        and getattr(layer, "groups", 1) == 1
        and convolutions.can_convolve(
            maps_shape, layer.kernel_size, layer.strides[0], dtype
        )
    )


def _finish(layer, outputs):
    if layer.use_bias:
        outputs = outputs + tf.convert_to_tensor(layer.bias)
    if layer.activation is not None:
        outputs = layer.activation(outputs)
    return outputs


@keras.saving.register_keras_serializable("dcgan_tf")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` on TensorFlow's fused kernel.

    One kernel (Ioffe and Szegedy, 2015, arXiv 1502.03167, Algorithm 1)
    replaces a chain of elementwise operations; it computes in the precision
    of its input, with float32 statistics. Where `synchronized` is set and
    there is more than one replica, Keras's own is used on the statistics of
    all replicas, which have equally many inputs each.
    """

    def call(self, inputs, training=None, mask=None):
        if not self._can_fuse(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        uses_batch = bool(training and self.trainable)
        channels = inputs.shape[-1]
        statistics = (self.moving_mean, self.moving_variance)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.ones(channels) if self.gamma is None else self.gamma.value,
            offset=tf.zeros(channels) if self.beta is None else self.beta.value,
            mean=[] if uses_batch else statistics[0].value,
            variance=[] if uses_batch else statistics[1].value,
            epsilon=self.epsilon,
            is_training=uses_batch,
        )
        if uses_batch:
            # The kernel's variance is the unbiased one; Keras averages the
            # biased one.
            count = tf.cast(tf.size(inputs) // channels, tf.float32)
            variance *= tf.maximum(count - 1.0, 1.0) / count
            for average, value in zip(
                statistics, (mean, variance), strict=True
            ):
                average.assign(
                    average * self.momentum + value * (1.0 - self.momentum)
                )
        return outputs

    def _moments(self, inputs, mask):
        """Computes the mean and variance, of all replicas in one message.

        Keras sends sums, sums of squares and a count one after another, each
        a round trip; and the gradients of two of them come back so.
        """
        replica = tf.distribute.get_replica_context()
        is_alone = replica is None or not self._synchronises()
        if mask is not None or is_alone:
            return super()._moments(inputs, mask)
        own = tf.stack(
            [
                tf.reduce_mean(inputs, self._reduction_axes),
                tf.reduce_mean(tf.square(inputs), self._reduction_axes),
            ]
        )
        mean, mean_square = tf.unstack(
            replica.all_reduce(tf.distribute.ReduceOp.MEAN, own)
        )
        return mean, tf.maximum(mean_square - tf.square(mean), 0.0)

    def _can_fuse(self, inputs, mask) -> bool:
        return (
            mask is None
            and not self.renorm
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and inputs.dtype in (tf.float32, tf.bfloat16, tf.float16)
            and not self._synchronises()
        )

    def _synchronises(self) -> bool:
        strategy = tf.distribute.get_strategy()
        return self.synchronized and strategy.num_replicas_in_sync > 1
