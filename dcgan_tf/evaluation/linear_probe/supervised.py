"""The supervised baseline of a probe: D's network trained on labels.

Section 5.2 trains a network of D's architecture on the same labels, from
scratch, and finds it worse.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.batch_order import draw_batches
from dcgan_tf.config import ModelConfig
from dcgan_tf.evaluation.linear_probe.kept_results import KeptRow
from dcgan_tf.evaluation.linear_probe.probe import summarise
from dcgan_tf.evaluation.linear_probe.progress import StageProgress
from dcgan_tf.evaluation.linear_probe.protocols import (
    ProbeData,
    Protocol,
    draw_labelled,
    get_label_counts,
)
from dcgan_tf.evaluation.linear_probe.result import ProbeResult
from dcgan_tf.images import to_float
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.traced import traced

NAME = "trained with labels alone"
_BATCH_SIZE = 64
_LEARNING_RATE = 1e-3
_EPOCHS = 15
_STEPS = (100, 2_000)
_NUM_CHECKS = 5
# Enough to see when to stop.
_MAX_CHECKED = 2_000
_MAX_DRAWS = 3
_TEST_DRAW = 3
_NO_ROW = KeptRow(None, {})


def probe_supervised(
    config: ModelConfig,
    data: ProbeData,
    protocol: Protocol,
    seed: int = 0,
    log: Callable[[str], None] = lambda message: None,
    kept: KeptRow = _NO_ROW,
) -> list[ProbeResult]:
    """Trains on each of a protocol's label counts, on up to 3 draws.

    Validation images, the first 2,000 of them, say when to stop. With all
    labels, none of those are trained on: the linear probes have that many
    labels more.

    Args:
        config: D's shape.
        data: From `arrange`.
        protocol: Counts and std.
        seed: Of draws, weights and order.
        log: Takes lines on what is being done and how long it will take.
        kept: As of `probe_features`.
    """
    results = []
    for count in get_label_counts(protocol, data):
        what = f"{NAME}, {count or data.num_pool:,} labels"
        result = kept.load(count)
        if result is not None:
            log(f"{what}: done before, taken over")
        else:
            result = _probe_count(
                config, data, protocol, count, seed, what, log
            )
            kept.save(count, result)
            log(f"{what}: right on {result.accuracy:.2%}")
        results.append(result)
    return results


def _probe_count(config, data, protocol, count, seed, what, log) -> ProbeResult:
    num_labels = count or data.num_pool
    num_draws = min(_MAX_DRAWS, protocol.num_test_draws) if count else 1
    num_steps = int(np.clip(num_labels * _EPOCHS // _BATCH_SIZE, *_STEPS))
    progress = StageProgress(log, f"{what}: steps", num_draws * num_steps)
    scores = []
    for draw in range(num_draws):
        chosen = np.arange(data.num_pool)
        if count:
            chosen = draw_labelled(data, count, (seed, _TEST_DRAW, count, draw))
        scores.append(
            _train_and_test(
                config, data, chosen, num_steps, seed + draw, progress
            )
        )
    validation_scores, accuracies = zip(*scores, strict=True)
    return summarise(
        NAME,
        0,
        num_labels,
        accuracies,
        None,
        float(np.mean(validation_scores)),
        data,
        protocol,
    )


@own_keras_settings()
def _train_and_test(
    config: ModelConfig,
    data: ProbeData,
    chosen: np.ndarray,
    num_steps: int,
    seed: int,
    progress: StageProgress,
) -> tuple[float, float]:
    """Returns accuracies on validation and test images, at the best check."""
    model = _build_network(config, data.num_classes, seed)
    batches = chosen[draw_batches(len(chosen), num_steps, _BATCH_SIZE, seed)]
    train_step = _make_train_step(model, num_steps)
    predict = traced(model)
    validation = slice(data.num_pool, None)
    checked = slice(data.num_pool, data.num_pool + _MAX_CHECKED)
    best_score, best_weights = -1.0, None
    for step, batch in enumerate(batches, 1):
        train_step(to_float(data.images[batch]), data.labels[batch])
        progress.advance()
        if (
            step * _NUM_CHECKS // num_steps
            > (step - 1) * _NUM_CHECKS // num_steps
        ):
            score = _score(predict, data.images[checked], data.labels[checked])
            if score > best_score:
                best_score, best_weights = score, model.get_weights()
    model.set_weights(best_weights)
    return (
        _score(predict, data.images[validation], data.labels[validation]),
        _score(predict, data.test_images, data.test_labels),
    )


def _build_network(
    config: ModelConfig, num_classes: int, seed: int
) -> keras.Model:
    discriminator = build_discriminator(config.papers, seed=seed)
    logits = keras.layers.Dense(
        num_classes, kernel_initializer=keras.initializers.GlorotUniform(seed)
    )(discriminator.get_layer("flatten").output)
    return keras.Model(discriminator.inputs[0], logits)


def _make_train_step(model: keras.Model, num_steps: int):
    rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, num_steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)

    @traced
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            )
        weights = model.trainable_variables
        gradients = tape.gradient(loss, [w.value for w in weights])
        optimizer.apply(gradients, weights)

    return train_step


def _score(
    predict: Callable[..., tf.Tensor], images: np.ndarray, labels: np.ndarray
) -> float:
    right = 0
    for start in range(0, len(images), 256):
        part = slice(start, start + 256)
        logits = predict(to_float(images[part]), training=False).numpy()
        right += int((logits.argmax(axis=1) == labels[part]).sum())
    return right / len(images)
