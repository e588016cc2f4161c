"""Dropout whose masks are drawn by the caller.

Keras's own keeps a counter in the layer, so that its masks depend on how
often it was called, are the same on every replica, and are no function of the
step. Here the training step says for each pass where numbers come from, and a
run that is resumed draws the masks it would have drawn.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

# From a batch's shape and a layer's stream to float32 numbers of that shape,
# uniform in [0, 1).
DrawUniform = Callable[[tf.Tensor, int], tf.Tensor]
_draw_uniform: contextvars.ContextVar[DrawUniform] = contextvars.ContextVar(
    "draw_uniform"
)


@contextlib.contextmanager
def masks_drawn_by(draw_uniform: DrawUniform) -> Iterator[None]:
    """Says where this thread's dropout layers take their numbers from."""
    token = _draw_uniform.set(draw_uniform)
    try:
        yield
    finally:
        _draw_uniform.reset(token)


@keras.saving.register_keras_serializable("dcgan_tf")
class Dropout(keras.layers.Layer):
    """Keeps each input with a probability, and scales what it keeps.

    By the inverse of the probability, so that sums stay what they are
    expected to be and nothing is scaled outside of training (Srivastava et
    al., 2014, JMLR 15, Section 10).

    Args:
        keep: The probability, in `(0, 1]`.
        stream: Tells the masks of a network's layers apart.
    """

    def __init__(self, keep: float, stream: int, **kwargs):
        super().__init__(**kwargs)
        self.keep = keep
        self.stream = stream

    def call(self, values, training=False):
        if not training:
            return values
        draw = _draw_uniform.get(None)
        if draw is None:
            raise RuntimeError(
                f"layer {self.name!r} is called in training, and nobody said "
                "where its mask comes from; call it in `masks_drawn_by`"
            )
        is_kept = draw(tf.shape(values), self.stream) < self.keep
        return tf.where(is_kept, values / self.keep, tf.zeros_like(values))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(), "keep": self.keep, "stream": self.stream
        }  # fmt: skip
