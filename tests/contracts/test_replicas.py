"""Two replicas, in one process, train as one does."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.context.graph_rewrites import ARITHMETIC, without_rewrites
from dcgan_tf.data.open_source import load_source
from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.latents import sample_latents
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.trained_model import load_generator, load_trained_model
from dcgan_tf.training import loop, resuming
from dcgan_tf.training.diff_augment import augment
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep

pytestmark = pytest.mark.usefixtures("few_digits")
BATCH_SIZE = 16
LEARNING_RATE = 2e-4
# Adam turns a gradient's rounding into this much of a step, no more.
TOLERANCE = LEARNING_RATE / 10


def make_config(num_classes=0, **settings):
    config = resolve_run_config(
        {
            "image_size": (16, 16), "base_filters": 4, "latent_dim": 8,
            "batch_size": BATCH_SIZE, "learning_rate": LEARNING_RATE,
            "steps": 8, "report_every": 2, "sample_every": 8,
            "checkpoint_every": 4, "seed": 3, **settings,
        }
    )  # fmt: skip
    model = dataclasses.replace(config.model, num_classes=num_classes)
    return dataclasses.replace(config, model=model)


def one_device():
    return tf.distribute.OneDeviceStrategy("CPU:0")


def make_step(strategy, **settings):
    config = make_config(**settings)
    with strategy.scope():
        state = build_training_state(config, "float32")
    return state, GradientTapeStep(
        state, config, strategy,
        augment if config.training.diff_augment else None,
    )  # fmt: skip


def share(strategy, batch):
    """Gives each replica its part of a global batch, as the data does."""
    size = len(batch) // strategy.num_replicas_in_sync

    def take(context):
        first = context.replica_id_in_sync_group * size
        return tf.constant(batch[first : first + size])

    return strategy.experimental_distribute_values_from_function(take)


def draw_images(seed):
    # Brighter from first to last: each replica's statistics are its own.
    rng = np.random.default_rng(seed)
    images = rng.uniform(-1, 1, (BATCH_SIZE, 16, 16, 1))
    images *= np.linspace(0.1, 1, BATCH_SIZE)[:, None, None, None]
    return images.astype(np.float32)


def draw_labels(seed):
    return np.random.default_rng(seed).integers(0, 10, BATCH_SIZE, np.int32)


def weights_of(state):
    return {
        f"{name}/{weight.path}": tf.convert_to_tensor(weight.value).numpy()
        for name, part in state.trackables().items()
        if hasattr(part, "weights")
        for weight in part.weights
    }


def assert_same_weights(state, expected_state, but=()):
    expected, got = weights_of(expected_state), weights_of(state)
    assert expected.keys() == got.keys()
    assert sum("moving_variance" in name for name in got) >= 4
    for name, value in expected.items():
        if not name.startswith(but):
            np.testing.assert_allclose(
                got[name], value, rtol=1e-4, atol=TOLERANCE, err_msg=name
            )


# Everything random or per image that a step may do.
KINDS = {
    "labels, augmented, smoothed, with decay, in parts": {
        "num_classes": 10,
        "diff_augment": True,
        "label_smoothing": 0.1,
        "weight_decay": 0.1,
        "accumulate": 2,
    },
    "normalised, augmented to a target, penalised, labels": {
        "spectral_norm": True,
        "discriminator_batch_norm": False,
        "loss": "hinge",
        "diff_augment": True,
        "diff_augment_target": 0.6,
        "r1_weight": 0.1,
        "penalty_every": 1,
        "num_classes": 10,
    },
    "alternating, augmented, penalised": {
        "updates": "alternating",
        "diff_augment": True,
        "loss": "relativistic",
        "r1_weight": 1.0,
        "r2_weight": 1.0,
        "penalty_every": 1,
    },
}


@pytest.fixture(scope="module", params=KINDS)
def trained(two_replicas, request):
    """States and measures of three whole steps, on two replicas and one."""
    settings = KINDS[request.param]
    results = []
    for strategy in (two_replicas, one_device()):
        state, step = make_step(strategy, **settings)
        measures = []
        for seed in range(3):
            batch = [share(strategy, draw_images(seed))]
            if settings.get("num_classes"):
                batch.append(share(strategy, draw_labels(seed)))
            measures.append(step.train_step(*batch))
        results.append((state, measures))
    return results


def test_several_steps_in_a_call_are_those_of_single_calls(two_replicas):
    results = []
    with without_rewrites(ARITHMETIC):
        for is_single in (True, False):
            state, step = make_step(two_replicas)
            batches = [draw_images(seed) for seed in range(2)]
            if is_single:
                losses = [
                    step.train_step(share(two_replicas, batch))["d_loss"]
                    for batch in batches
                ]
            else:
                shared = share(two_replicas, np.concatenate(batches, axis=1))
                shared = two_replicas.run(
                    lambda x: tf.stack(tf.split(x, 2, axis=1)), (shared,)
                )
                losses = step.train_steps(shared)["d_loss"]
            results.append(([float(x) for x in losses], weights_of(state)))
    (losses, weights), (expected_losses, expected) = results
    assert losses == expected_losses
    for name, value in expected.items():
        np.testing.assert_array_equal(weights[name], value, err_msg=name)


def test_whole_steps_give_one_devices_weights_and_statistics(trained):
    (state, _), (expected_state, _) = trained
    assert_same_weights(state, expected_state)


def test_measures_are_means_over_the_global_batch(trained):
    (_, measures), (_, expected) = trained
    for got, wanted in zip(measures, expected, strict=True):
        for name, value in wanted.items():
            # Those of samples are means over replicas of their own shares.
            if not name.startswith("sample_"):
                np.testing.assert_allclose(got[name], value, rtol=1e-4)


def test_replicas_hold_the_same_weights_and_statistics(trained, two_replicas):
    state = trained[0][0]
    for model in (state.generator, state.discriminator):
        for weight in model.weights:
            copies = two_replicas.experimental_local_results(weight.value)
            assert len(copies) == 2
            np.testing.assert_array_equal(*copies, err_msg=weight.path)


def test_replicas_draw_their_own_latents(two_replicas):
    _, step = make_step(two_replicas)
    step.update = lambda images, latents, *others: latents
    images = share(two_replicas, draw_images(0))
    drawn = two_replicas.experimental_local_results(
        tf.function(two_replicas.run)(step._replica_step, (images, None))
    )
    first, second = (part.numpy() for part in drawn)
    assert not np.any(np.isclose(first, second).all(axis=1))
    np.testing.assert_array_equal(
        np.concatenate([first, second]), sample_latents(BATCH_SIZE, 8, (3, 0))
    )


def run_on_replicas(strategy, function, *arguments):
    """Returns the rows of all replicas' results, in order."""
    parts = strategy.experimental_local_results(
        tf.function(strategy.run, autograph=False)(function, arguments)
    )
    return np.concatenate([part.numpy() for part in parts])


def test_each_image_of_the_global_batch_has_its_own_augmentation(two_replicas):
    """Of real and of generated images, with what the step gives `augment`."""
    image = draw_images(0)[-1:]
    changed = {}
    for name, strategy in (("two", two_replicas), ("one", one_device())):
        _, step = make_step(strategy, diff_augment=True)
        seen = {}

        def record(images, seed, augment=step._augment, seen=seen):
            replica = tf.distribute.get_replica_context()
            index = int(tf.get_static_value(replica.replica_id_in_sync_group))
            copies = tf.repeat(image, images.shape[0], axis=0)
            seen.setdefault(index, []).append(augment(copies, seed))
            return images

        step._augment = record

        def see(images, step=step, seen=seen):
            replica = tf.distribute.get_replica_context()
            index = int(tf.get_static_value(replica.replica_id_in_sync_group))
            step._replica_step(images, None)
            return tf.stack(seen[index], axis=1)  # Real and generated.

        changed[name] = run_on_replicas(
            strategy, see, share(strategy, draw_images(0))
        )
    draws = changed["two"].reshape(2 * BATCH_SIZE, -1)
    assert len(np.unique(draws, axis=0)) == 2 * BATCH_SIZE
    np.testing.assert_allclose(changed["two"], changed["one"], atol=1e-6)


def train_in_parts(run_dir, strategy, *ends):
    """Trains to each of these steps, resuming from the one before."""
    states = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            resuming,
            "build_training_state",
            lambda *args: (
                states.append(build_training_state(*args)) or states[-1]
            ),
        )
        for steps in ends:
            config = make_config(steps=steps)
            result = loop.train(
                config, run_dir, load_source(config.data), strategy
            )
            assert result.step == steps and not result.was_complete
    return states[-1]


@pytest.mark.slow
def test_a_run_checkpoints_resumes_and_loads(two_replicas, tmp_path):
    state = train_in_parts(tmp_path / "two", two_replicas, 4, 8)
    expected = train_in_parts(tmp_path / "one", one_device(), 8)
    # Re-estimated on the averaged weights, whose statistics magnify more.
    assert_same_weights(state, expected, but=("averaged_generator",))
    networks = load_trained_model(tmp_path / "two")
    assert networks.step == 8
    latents = sample_latents(4, 8, (0, 0))
    np.testing.assert_allclose(
        networks.generator(latents),
        load_generator(tmp_path / "one")(latents),
        atol=1e-3,
    )


def take_part(values, replica, index):
    """Every other row from `index` on of a replica's half."""
    half = len(values) // 2
    return values[replica * half : (replica + 1) * half][index::2]


def test_replicas_may_normalise_alone_and_resume_to_the_bit(
    two_replicas, tmp_path
):
    """In parts, too; G's first layer by hand, from its latents."""
    settings = {"batch_norm": "replica", "accumulate": 2}
    state, step = make_step(two_replicas, **settings)
    kernel = state.generator.get_layer("project").kernel
    kernel.assign(50 * kernel.numpy())  # Its statistics are far from 0 and 1.
    kernel = kernel.numpy()
    latents = sample_latents(BATCH_SIZE, 8, (3, 0)).numpy()
    means, variances = [], []
    for replica in range(2):
        mean, variance = 0.0, 1.0
        for index in range(2):
            values = take_part(latents, replica, index) @ kernel
            values = values.reshape(-1, 8)
            mean = 0.9 * mean + 0.1 * values.mean(axis=0)
            variance = 0.9 * variance + 0.1 * values.var(axis=0)
        means.append(mean)
        variances.append(variance)

    step.train_step(share(two_replicas, draw_images(0)))
    norm = state.generator.get_layer("project_norm")
    for statistic, expected in (
        (norm.moving_mean, means),
        (norm.moving_variance, variances),
    ):
        assert np.abs(expected[0] - expected[1]).max() > 1e-2
        copies = two_replicas.experimental_local_results(statistic.value)
        np.testing.assert_array_equal(*copies)
        np.testing.assert_allclose(
            copies[0], np.mean(expected, axis=0), rtol=1e-4, atol=1e-6
        )

    checkpoints.save(tmp_path, state.trackables(), step=1, keep=1)
    step.train_step(share(two_replicas, draw_images(1)))
    resumed, resumed_step = make_step(two_replicas, **settings)
    checkpoints.restore(tmp_path, resumed.trackables())
    resumed_step.train_step(share(two_replicas, draw_images(1)))
    expected, got = weights_of(state), weights_of(resumed)
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


def test_a_batch_that_does_not_divide_is_refused(two_replicas, tmp_path):
    config = make_config(batch_size=15)
    with pytest.raises(ValueError, match="15 .* the 2 .*: 14 or 16"):
        loop.train(config, tmp_path / "run", None, two_replicas)
    assert not (tmp_path / "run").exists()


def test_float16_is_refused_on_several_replicas(two_replicas):
    with pytest.raises(ValueError, match="unsafe on 2 replicas"):
        resolve_precision("mixed_float16", two_replicas.num_replicas_in_sync)
