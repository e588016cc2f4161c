"""Every family of networks goes through all that a run goes through.

Batches in parts are `test_steps_and_parts`' and `test_accumulation`'s, but for
dropout's on replicas.
"""

import dataclasses
import importlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from fixtures.checkpoint_files import load_tensors

from dcgan_tf.analysis import walk
from dcgan_tf.analysis.views import VIEWS
from dcgan_tf.data.open_source import load_source
from dcgan_tf.families import FAMILIES
from dcgan_tf.images import load_png
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.networks import build_networks
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.trained_model import load_generator
from dcgan_tf.serving.lite import lite_files
from dcgan_tf.serving.lite.checks import LiteNetwork
from dcgan_tf.serving.web.latent_directions import compute_directions
from dcgan_tf.training import loop
from dcgan_tf.training.batches import distribute_data
from dcgan_tf.training.diff_augment import augment
from dcgan_tf.training.families import TRAINING
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep

pytestmark = pytest.mark.usefixtures("few_digits")
STEPS = 4
# As small as each gets.
TINY = {
    "dcgan": {"base_filters": 4, "latent_dim": 4},
    "gan": {"hidden_units": 10, "latent_dim": 4},
    "lapgan": {"hidden_units": 10, "base_filters": 2},
}
# At 16x16 in grey, by hand.
NUM_PARAMETERS = {
    # Project 4x4x8; gains and biases of its norm; 5x5 to 4, its norm, 5x5 to
    # 1; D 5x5 to 4, 5x5 to 8, its norm, the logit.
    "dcgan": (
        4 * 128 + 2 * 8 + 25 * 8 * 4 + 2 * 4 + 25 * 4,
        25 * 4 + 25 * 4 * 8 + 2 * 8 + 4 * 4 * 8,
    ),
    # Weights and biases; D's two units have five pieces each.
    "gan": (
        (4 + 1) * 10 + (10 + 1) * 10 + (10 + 1) * 256,
        (256 + 1) * 10 + (2 + 1) * 10 + (2 + 1),
    ),
    # Levels of 4x4, 8x8 and 16x16. G: dense to 4x4, then twice 7x7 from image
    # and noise to 2, 7x7 to 2, 5x5 to 1. D: dense; twice 5x5 to 2, 5x5 to 2,
    # and a logit of padded 4x4 maps, or unpadded ones of (12 - 5) // 2 + 1.
    "lapgan": (
        101 * 10
        + 11 * 10
        + 11 * 16
        + 2 * (49 * 2 * 2 + 2 + 49 * 2 * 2 + 2 + 25 * 2 + 1),
        17 * 10
        + 11 * 10
        + 11
        + 2 * (25 * 2 + 2 + 25 * 2 * 2 + 2 + 4 * 4 * 2 + 1),
    ),
}
FEW_ALIKE = {"rtol": 1e-4, "atol": 1e-5}

each_family = pytest.mark.parametrize("family", TINY)
# Where other tests have it of a dcgan: `test_every_kind` of the commands.
each_other_family = pytest.mark.parametrize(
    "family", sorted(set(TINY) - {"dcgan"})
)


def make_config(family, num_classes=0, **settings):
    config = resolve_run_config(
        {
            "family": family, "image_size": (16, 16), "batch_size": 8,
            "steps": STEPS, "seed": 3, "precision": "float32",
            "checkpoint_every": 2, "sample_every": 4, "report_every": 1,
            **TINY[family], **settings,
        }
    )  # fmt: skip
    model = dataclasses.replace(config.model, num_classes=num_classes)
    return dataclasses.replace(config, model=model)


def run(command, *arguments):
    module = importlib.import_module(f"dcgan_tf.cli.{command}")
    return module.main([str(argument) for argument in arguments])


def train(config, run_dir):
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    return loop.train(config, run_dir, load_source(config.data), strategy)


class Runs:
    """Trains and exports each family when first asked for."""

    def __init__(self, folder):
        self.folder = folder

    def run_dir(self, family):
        run_dir = self.folder / family
        if not run_dir.exists():
            train(make_config(family), run_dir)
        return run_dir

    def export_dir(self, family):
        export_dir = self.folder / "exports" / family
        if not export_dir.exists():
            flags = (
                f"--run_dir={self.run_dir(family)}",
                "--formats=saved_model,tflite",
            )
            assert run("export", *flags, f"--export_dir={export_dir}") == 0
        return export_dir


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # One LiteRT file a network and few frames: others test them all.
        patch.setattr(lite_files, "_PRECISIONS", {None: ("float32",)})
        patch.setattr(walk, "_GIF_STEPS", 2)
        patch.setattr(walk, "SMOOTHNESS_STEPS", 4)
        yield Runs(tmp_path_factory.mktemp("families"))


def test_every_family_is_here():
    assert set(FAMILIES) == set(TRAINING) == set(TINY) == set(NUM_PARAMETERS)


@each_family
@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_have_the_shapes_of_their_images(
    family, num_classes, channels
):
    settings = {"image_size": (16, 32), "channels": channels}
    config = make_config(family, num_classes, **settings).model
    generator, discriminator = build_networks(config)
    latents = sample_latents(5, config.latent_dim, (0, 0))
    labels = tf.range(5) % 3
    inputs = [latents, labels] if num_classes else latents
    images = generator(inputs)
    assert images.shape == (5, 16, 32, channels) and images.dtype == tf.float32
    assert np.abs(images).max() <= 1
    assert generator.name == "generator"
    assert discriminator.name == "discriminator"


@each_family
def test_parameters_are_as_counted_by_hand(family):
    networks = build_networks(make_config(family).model)
    counts = tuple(
        sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)
        for model in networks
    )
    assert counts == NUM_PARAMETERS[family]


def make_state(family, strategy, num_classes=0, **settings):
    config = make_config(family, num_classes, **settings)
    with strategy.scope():
        state = build_training_state(config, "float32")
    return state, GradientTapeStep(state, config, strategy), config


# `test_replicas` has it of all that a dcgan's step may do.
@each_other_family
def test_two_replicas_train_as_one(family, two_replicas):
    """Dropout's masks too are of an image's place in the global batch.

    Those of one family in parts, whose tracing takes twice as long.
    """
    settings = {"accumulate": 2} if family == "gan" else {}
    weights = []
    for strategy in (tf.distribute.OneDeviceStrategy("CPU:0"), two_replicas):
        state, step, config = make_state(family, strategy, 10, **settings)
        before = [w.numpy() for w in state.discriminator.trainable_variables]
        dataset = distribute_data(config, load_source(config.data), strategy, 0)
        batches = iter(dataset)
        for _ in range(2):
            losses = step.train_step(*next(batches))
        assert all(np.isfinite(value) for value in losses.values())
        after = [w.numpy() for w in state.discriminator.trainable_variables]
        assert any((x != y).any() for x, y in zip(before, after, strict=True))
        weights.append(
            [w.numpy() for w in state.averaged_generator.trainable_variables]
            + after
        )
    for one, two in zip(*weights, strict=True):
        np.testing.assert_allclose(one, two, **FEW_ALIKE)


@each_family
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_precisions_train_in_float32_weights(family, precision):
    config = make_config(family)
    state = build_training_state(config, precision)
    step = GradientTapeStep(state, config)
    images = tf.random.stateless_uniform((8, 16, 16, 1), (0, 0), -1.0)
    losses = step.train_step(images)
    assert all(np.isfinite(value) for value in losses.values())
    for model in (state.generator, state.discriminator):
        assert {w.dtype for w in model.trainable_variables} == {"float32"}
        assert any(x.compute_dtype == precision[6:] for x in model.layers)


# Alternating updates ask a family for all that joint ones do, and for more.
@pytest.mark.parametrize(
    "family, updates",
    [("dcgan", "joint"), ("gan", "alternating"), ("lapgan", "alternating")],
)
def test_augmented_images_train_with_decay_and_smoothing(family, updates):
    config = make_config(
        family,
        diff_augment=True,
        label_smoothing=0.1,
        weight_decay=1e-4,
        updates=updates,
    )
    state = build_training_state(config, "float32")
    step = GradientTapeStep(state, config, augment=augment)
    images = tf.random.stateless_uniform((8, 16, 16, 1), (0, 0), -1.0)
    before = [w.numpy() for w in state.generator.trainable_variables]
    losses = step.train_step(images)
    assert all(np.isfinite(value) for value in losses.values())
    after = [w.numpy() for w in state.generator.trainable_variables]
    assert all((x != y).any() for x, y in zip(before, after, strict=True))


@each_family
def test_the_page_has_directions_in_latents(family):
    generator, _ = build_networks(make_config(family).model)
    directions = compute_directions(generator, 2)
    assert directions.shape == (2, generator.inputs[0].shape[-1])
    assert np.isfinite(directions).all() and directions.any()


# `test_resume` has it of a dcgan.
@each_other_family
def test_a_killed_run_ends_with_the_bits_of_one_that_was_not(
    family, runs, tmp_path
):
    run_dir = tmp_path / "killed"
    shutil.copytree(runs.run_dir(family), run_dir)
    for path in run_dir.glob(f"checkpoints/ckpt-{STEPS}*"):
        path.unlink()
    assert train(make_config(family), run_dir).step == STEPS
    expected = load_tensors(runs.run_dir(family), STEPS)
    found = load_tensors(run_dir, STEPS)
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, name)


@each_other_family
def test_exports_draw_the_runs_images_in_a_session_and_in_litert(family, runs):
    export_dir = runs.export_dir(family)
    generator = load_generator(runs.run_dir(family))
    latents = sample_latents(3, generator.inputs[0].shape[-1], (7, 7)).numpy()
    expected = generator(latents, training=False).numpy()
    path = str(export_dir / "generator" / "1")
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], path)
        signature = loaded.signature_def["serving_default"]
        images = session.run(
            signature.outputs["images"].name,
            {signature.inputs["latents"].name: latents},
        )
    np.testing.assert_allclose(images, expected, atol=1e-5)
    pytest.importorskip("ai_edge_litert", reason="needs the extra lite")
    lite = LiteNetwork(export_dir / "tflite" / "1" / "generator_float32.tflite")
    images = lite.run(latents=latents)["images"]
    np.testing.assert_allclose(images, expected, atol=1e-4)


@each_other_family
def test_features_are_exported_or_left_out(family, runs):
    export_dir = runs.export_dir(family)
    has_features = FAMILIES[family].features_refusal is None
    assert (export_dir / "discriminator_features").exists() == has_features
    files = list(export_dir.glob("tflite/1/discriminator_features_*"))
    assert bool(files) == has_features


@each_other_family
def test_runs_and_exports_draw_the_same_samples(family, runs, tmp_path):
    grids = []
    for source in (
        f"--run_dir={runs.run_dir(family)}",
        f"--export_dir={runs.export_dir(family)}",
    ):
        output = tmp_path / f"{len(grids)}.png"
        assert run("sample", source, "--num=4", f"--output={output}") == 0
        grids.append(load_png(output).astype(int))
    assert np.abs(grids[0] - grids[1]).max() <= 1
    assert np.ptp(grids[0]) > 0


@each_other_family
def test_samples_are_evaluated(family, runs):
    code = run(
        "evaluate", f"--run_dir={runs.run_dir(family)}", "--features=random",
        "--measures=frechet", "--num_samples=16",
    )  # fmt: skip
    assert code == 0
    path = runs.run_dir(family) / "evaluation" / f"{STEPS}.json"
    assert json.loads(path.read_text())["measures"]["samples"]["frechet"] > 0


@each_other_family
@pytest.mark.parametrize(
    "view, flags",
    [
        ("walk", []),
        ("arithmetic", ["--pick=0,1/2,3/4"]),
        ("turn", ["--pick=0/1"]),
    ],
)
def test_views_of_latents_are_drawn(family, runs, view, flags):
    run_dir = runs.run_dir(family)
    assert run("analyze", view, f"--run_dir={run_dir}", *flags) == 0
    assert np.ptp(load_png(run_dir / "analysis" / f"{view}.png")) > 0


@pytest.mark.parametrize("view", ["arithmetic", "turn"])
@each_other_family
def test_exemplars_are_found_by_number_alone(family, view, runs, capsys):
    assert run("analyze", view, f"--run_dir={runs.run_dir(family)}") == 1
    error = capsys.readouterr().err
    assert f"a {family}'s discriminator" in error and "--pick" in error


@each_other_family
def test_no_run_starts_from_another_familys_networks(
    family, runs, tmp_path, capsys
):
    code = run(
        "train", f"--init_from={runs.run_dir(family)}", "--image_size=16",
        f"--run_dir={tmp_path / 'run'}", "--base_filters=4",
    )  # fmt: skip
    error = capsys.readouterr().err.splitlines()[-1]
    assert code == 1 and f"family {family} (here dcgan)" in error
    assert len(error) < 500 and "ModelConfig" not in error


def test_a_pyramid_is_drawn_level_by_level(runs):
    run_dir = runs.run_dir("lapgan")
    assert run("analyze", "pyramid", f"--run_dir={run_dir}") == 0
    assert np.ptp(load_png(run_dir / "analysis" / "pyramid.png")) > 0


@each_other_family
def test_reports_show_the_run(family, runs):
    run_dir = runs.run_dir(family)
    assert run("analyze", "report", f"--run_dir={run_dir}") == 0
    assert (run_dir / "report.html").exists()


@pytest.mark.parametrize(
    "family, view",
    [
        (family, view)
        for family in TINY
        for view in VIEWS
        if VIEWS[view].family not in (None, family)
    ],
)
def test_views_of_other_networks_are_refused(family, view, runs, capsys):
    code = run("analyze", view, f"--run_dir={runs.run_dir(family)}")
    error = capsys.readouterr().err
    assert code == 1 and len(error.splitlines()) == 1
    assert view in error and family in error


@each_other_family
def test_a_probe_of_features_is_refused(family, runs, capsys):
    code = run(
        "evaluate", f"--run_dir={runs.run_dir(family)}", "--measures=none",
        "--probe=few_labels",
    )  # fmt: skip
    error = capsys.readouterr().err
    assert code == 1 and family in error and "features" in error


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--family=gan", "--kernel_size=3"], ["kernel_size", "connected"]),
        (["--family=gan", "--base_filters=8"], ["base_filters", "connected"]),
        (["--family=gan", "--preset=mnist_32"], ["preset", "DCGAN"]),
        (["--family=gan", "--beta_1=0.9"], ["beta_1", "sgd"]),
        (["--family=gan", "--hidden_units=4"], ["hidden_units", "5"]),
        (["--hidden_units=10"], ["hidden_units", "dcgan"]),
        (["--optimizer=sgd"], ["optimizer", "adam"]),
        (["--family=lapgan", "--latent_dim=8"], ["latent_dim", "1345"]),
        (["--family=lapgan", "--kernel_size=3"], ["kernel_size", "7x7"]),
        (["--family=gan", "--batch_norm=replica"], ["batch_norm", "none"]),
        (["--family=vae"], ["family", "dcgan"]),
    ],
)
def test_flags_without_a_meaning_are_refused(flags, words, tmp_path, capsys):
    run_dir = tmp_path / "run"
    assert run("train", *flags, f"--run_dir={run_dir}") == 2
    error = capsys.readouterr().err
    assert all(word in error for word in words), error
    assert not run_dir.exists()


@pytest.mark.parametrize(
    "other, run_family", [("dcgan", "gan"), ("gan", "dcgan")]
)
def test_a_run_is_resumed_as_its_own_family_alone(
    other, run_family, runs, capsys
):
    run_dir = runs.run_dir(run_family)
    flags = ["--image_size=16", f"--family={other}", f"--run_dir={run_dir}"]
    assert run("train", *flags) != 0
    error = capsys.readouterr().err
    assert "family" in error and len(error.splitlines()) == 1


def test_runs_from_before_there_were_families_are_dcgans(runs):
    config = make_config("dcgan")
    values = config.to_dict()
    for section, name in (
        ("model", "family"), ("model", "hidden_units"),
        ("training", "optimizer"),
    ):  # fmt: skip
        del values[section][name]
    assert type(config).from_dict(values) == config
