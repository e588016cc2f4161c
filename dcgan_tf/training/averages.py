"""Moving averages of both networks' weights."""

import tensorflow as tf

from dcgan_tf.config import TrainingConfig
from dcgan_tf.training.state import TrainingState


def update_averages(
    state: TrainingState,
    training: TrainingConfig,
    strategy: tf.distribute.Strategy,
) -> None:
    """Updates the moving averages of both networks' weights.

    The first steps average over fewer: the initial weights would otherwise
    stay visible for 1 / (1 - decay) steps. Until then the average is over a
    fraction of the steps so far (Karras et al., 2024, arXiv 2312.02696,
    Section 3.1, whose gamma is `ema_warmup` - 1).

    Args:
        state: Its step counts the update.
        training: With `ema_decay` and `ema_warmup`.
        strategy: Call this outside of its replica contexts.
    """
    step = tf.cast(state.step, tf.float32)
    decay = tf.minimum(
        training.ema_decay,
        (1.0 + step) / (1.0 + training.ema_warmup + step),
    )

    def move(average, weight, decay):
        average.assign_sub((1.0 - decay) * (average - weight))

    for averaged, model in state.averages():
        for average, weight in zip(
            averaged.trainable_variables,
            model.trainable_variables,
            strict=True,
        ):
            strategy.extended.update(
                average.value, move, args=(weight.value, decay)
            )
