"""Adam on TensorFlow's fused kernel."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("dcgan_tf")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` that updates each variable in one pass.

    Keras's own is a chain of some fifteen operations over every weight, and
    the larger networks have 35 million. Arguments, variables and results
    are the same (Kingma and Ba, 2015, arXiv 1412.6980, the form before
    Section 2.1).
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value, dtype) + 1
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.cast(self.beta_1, dtype) ** step,
            beta2_power=tf.cast(self.beta_2, dtype) ** step,
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )
