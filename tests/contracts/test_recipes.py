"""A run by other choices than the paper's goes through all of a run."""

import importlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from fixtures.checkpoint_files import load_tensors
from fixtures.tiny_run import make_pictures

from dcgan_tf.runs.trained_model import load_trained_model

pytestmark = pytest.mark.usefixtures("few_digits")
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=8", "--steps=4", "--checkpoint_every=2", "--report_every=2",
    "--sample_every=4", "--seed=3", "--precision=float32",
    "--strategy=one_device",
)  # fmt: skip

# With every choice that keeps something from step to step.
CHOICES = {
    "spectral_norm": True,
    "discriminator_batch_norm": False,
    "loss": "hinge",
    "r1_weight": 0.1,
    "penalty_every": 3,
    "diff_augment": True,
    "diff_augment_target": 0.6,
    "ema_decay": 0.9995,
    "ema_warmup": 4.0,
}


def run(command, *arguments):
    module = importlib.import_module(f"dcgan_tf.cli.{command}")
    return module.main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("recipes") / "own"
    flags = [f"--{name}={value}" for name, value in CHOICES.items()]
    assert run("train", *TINY, *flags, f"--run_dir={run_dir}") == 0
    return run_dir


def test_the_settings_are_written_one_by_one(run_dir):
    config = json.loads((run_dir / "config.json").read_text())
    values = {**config["model"], **config["training"]}
    assert CHOICES.items() <= values.items()
    assert "recipe" not in values
    header = (run_dir / "metrics.csv").read_text().splitlines()[0]
    assert {"augment_probability", "real_sign"} <= set(header.split(","))


def test_it_is_resumed_to_the_bit_without_naming_the_recipe(run_dir, tmp_path):
    """From between two penalties and two moves of the augmentation.

    Two steps in one call are those of two calls, here as of the kinds in
    `test_steps_and_parts`.
    """
    resumed = tmp_path / "resumed"
    shutil.copytree(run_dir, resumed)
    for path in resumed.glob("checkpoints/ckpt-4*"):
        path.unlink()
    flags = "--steps_per_call=2", f"--run_dir={resumed}"
    assert run("train", *TINY, *flags) == 0
    found, expected = load_tensors(resumed, 4), load_tensors(run_dir, 4)
    assert found.keys() == expected.keys()
    assert any("singular_vector" in name for name in found)
    assert any("sign_sum" in name for name in found)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_small_is_resumed_to_the_bit_on_replicas(tmp_path):
    """By its name alone: a penalised D, its batch norm synchronised."""
    run_dir = tmp_path / "run"
    devices = ["--strategy=mirrored", "--cpu_devices=2"]
    # A step with a penalty and one without, with a checkpoint between.
    flags = [*TINY, "--steps=2", "--checkpoint_every=1", "--sample_every=2"]
    flags += [*devices, "--recipe=small", f"--run_dir={run_dir}"]
    assert run("train", *flags) == 0
    values = json.loads((run_dir / "config.json").read_text())
    assert values["training"]["r1_weight"] == 0.1
    assert values["model"]["discriminator_batch_norm"]
    expected = load_tensors(run_dir, 2)
    for path in run_dir.glob("checkpoints/ckpt-2*"):
        path.unlink()
    assert run("train", *flags) == 0
    found = load_tensors(run_dir, 2)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("flags", "words", "weight"),
    [
        ([], "recipe small (--recipe=paper for the paper's), 8 images", 0.1),
        (["--recipe=paper"], "recipe paper, 8 images", 0.0),
        (["--r1_weight=2"], "recipe own, 8 images", 2.0),
    ],
    ids=str,
)
def test_a_folder_is_trained_by_small_and_keeps_to_its_recipe(
    flags, words, weight, tmp_path, capsys
):
    pictures = make_pictures(tmp_path / "pictures", 24)
    run_dir = tmp_path / "run"
    arguments = [*TINY, f"--image_dir={pictures}", f"--run_dir={run_dir}"]
    arguments.append("--eval_every=0")
    # A step each: the first has the penalty, where there is one.
    assert run("train", *arguments, "--steps=1", *flags) == 0
    assert words in capsys.readouterr().out
    # Later, whatever is the default then, by the command without its flags.
    assert run("train", *arguments, "--steps=2") == 0
    assert words in capsys.readouterr().out
    values = json.loads((run_dir / "config.json").read_text())
    assert values["training"]["r1_weight"] == weight
    assert values["training"]["steps"] == 2


@pytest.mark.parametrize(
    ("flags", "recipe"),
    [
        (["--channels=4", "--image_size=16x24"], "small"),
        (["--conditional", "--accumulate=2"], "small"),
        (["--precision=mixed_bfloat16", "--channels=1"], "small"),
        (["--precision=mixed_float16"], "paper"),
    ],
    ids=str,
)
def test_kinds_of_folders_have_their_recipe(flags, recipe, tmp_path, capsys):
    folder = tmp_path / "pictures ü '#"
    for name in ("cat", "dog"):
        make_pictures(folder / name, 12)
    run_dir = tmp_path / "run of ü"
    # One step, which has the penalty, where there is one.
    arguments = [*TINY, "--steps=1", "--eval_every=0", *flags]
    arguments += [f"--image_dir={folder}", f"--run_dir={run_dir}"]
    assert run("train", *arguments) == 0
    assert f", recipe {recipe}" in capsys.readouterr().out
    values = json.loads((run_dir / "config.json").read_text())["training"]
    assert values["r1_weight"] == (0.1 if recipe == "small" else 0.0)
    assert load_trained_model(run_dir).sample_images(4, 0).std() > 0


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--recipe=paper"], "spectral_norm was True, is now False"),
        (["--penalty_every=16"], "penalty_every was 3, is now 16"),
        (["--updates=alternating"], "updates was 'joint'"),
    ],
)
def test_it_is_resumed_as_no_other(flags, words, run_dir, capsys):
    assert run("train", *TINY, *flags, f"--run_dir={run_dir}") == 1
    error = capsys.readouterr().err
    assert words in error and len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--penalty_every=8"], "penalty_every 8 says how often"),
        (["--family=gan", "--penalty_every=8"], "penalty_every 8 means"),
        (["--ema_decay=0", "--ema_warmup=4"], "ema_warmup 4.0 is of"),
        (["--diff_augment_target=0.6"], "diff_augment is off"),
        (
            ["--label_smoothing=0.1", "--loss=hinge"],
            "the loss 'hinge' has none",
        ),
        (["--patience=3"], "eval_every is 0"),
        (["--background=whit"], "background 'whit' is no colour"),
    ],
    ids=str,
)
def test_flags_that_would_do_nothing_are_refused(
    flags, words, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    assert run("train", "--steps=1", *flags, f"--run_dir={run_dir}") == 2
    error = capsys.readouterr().err
    assert words in error and len(error.splitlines()) == 1
    assert not run_dir.exists()


def test_its_discriminator_is_used_as_a_plain_network(run_dir, tmp_path):
    """Features are the same of the run, of a view and of the export."""
    model = load_trained_model(run_dir)
    layers = model.discriminator.layers
    assert not any(hasattr(layer, "singular_vector") for layer in layers)
    export_dir = tmp_path / "export"
    flags = (f"--run_dir={run_dir}", f"--export_dir={export_dir}")
    assert run("export", *flags, "--formats=saved_model") == 0
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), np.uint8)
    loaded = tf.saved_model.load(str(export_dir / "discriminator_features/1"))
    found = loaded.signatures["serving_default"](
        images=tf.constant(images / np.float32(127.5) - 1)
    )
    np.testing.assert_allclose(
        found["features"], model.compute_features(images), rtol=1e-3, atol=1e-4
    )
    for view in ("guided_backprop", "filters"):
        assert run("analyze", view, f"--run_dir={run_dir}") == 0


def test_flags_of_float16_are_refused_in_words(tmp_path, capsys):
    run_dir = tmp_path / "run"
    flags = ("--recipe=small", "--precision=mixed_float16")
    code = run("train", *TINY[:-2], *flags, f"--run_dir={run_dir}")
    error = capsys.readouterr().err
    assert code == 2 and "r1_weight" in error and "mixed_bfloat16" in error
    assert not run_dir.exists()
