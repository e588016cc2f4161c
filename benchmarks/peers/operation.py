"""One large operation, to find what the machine can do at most."""

import tensorflow as tf


def build(left: list[int], right: list[int], dtype: str):
    """Returns a function that repeats the operation.

    Args:
        left: Shape of a matrix, or of maps `(batch, rows, columns, inputs)`.
        right: Shape of the matrix it is multiplied by, or of the kernel
            that the maps are convolved with at stride 2.
        dtype: Of both.
    """
    a, b = (
        tf.cast(tf.random.stateless_normal(shape, (0, 0)), dtype)
        for shape in (left, right)
    )

    @tf.function
    def operate(a, b):
        if len(left) == 2:
            return tf.matmul(a, b)
        return tf.nn.conv2d(a, b, 2, "SAME")

    def run(num_steps: int) -> None:
        for _ in range(num_steps):
            result = operate(a, b)
        # A GPU is done when its result is here.
        tf.reshape(result, [-1])[0].numpy()

    return run
