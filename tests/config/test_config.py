"""Settings: their ranges and JSON."""

import contextlib
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from dcgan_tf.config import (
    ARRAYS,
    EMBEDDED,
    STRATEGIES,
    DataConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
    parse_colour,
)
from dcgan_tf.data import embedded
from dcgan_tf.evaluation.settings import Settings
from dcgan_tf.families import FAMILIES
from dcgan_tf.presets import resolve_run_config


def test_widths_double_and_are_capped_at_eight_times_the_base():
    config = ModelConfig(image_size=(256, 256), base_filters=4)
    assert [f for f, _ in config.convolutions] == [4, 8, 16, 32, 32, 32]


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (ModelConfig, {"channels": 2}, "channels is 2; use 1"),
        (ModelConfig, {"latent_dim": 0}, "latent_dim is 0"),
        (ModelConfig, {"kernel_size": 1}, "kernel_size is 1"),
        (DataConfig, {"dataset": "image_folder"}, "image_dir None"),
        (DataConfig, {"image_dir": "x"}, "not both"),
        (DataConfig, {"cache": "tape"}, "use one of auto, memory"),
        (TrainingConfig, {"steps": 0}, "steps is 0"),
        (TrainingConfig, {"beta_1": 1.0}, "beta_1 is 1.0"),
        (TrainingConfig, {"seed": 2**60}, "seed is 1152.*; use 0 to 4,61"),
        (TrainingConfig, {"accumulate": 0}, "accumulate is 0"),
        (TrainingConfig, {"accumulate": 5}, "batch_size 128 .* 2, 4, 8, 16"),
        (TrainingConfig, {"batch_norm": "all"}, "synchronised, replica"),
        (TrainingConfig, {"learning_rate": -1.0}, "must be positive"),
        (TrainingConfig, {"strategy": "parameter_server"}, "multi_worker"),
        (TrainingConfig, {"tpu": "v4"}, "use strategy 'tpu'"),
    ],
)
def test_settings_that_contradict_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)


# Each of these was passed over without a word.
NEEDLESS = {
    "a folder's place of TFDS": {"image_dir": "x", "data_dir": "y"},
    "a folder's files of TFDS": {"image_dir": "x", "manual_dir": "y"},
    "an embedded one's place": {"data_dir": "y"},
    "an embedded one's files": {"dataset": "Toy-Faces", "manual_dir": "y"},
    "an embedded one's pages": {"all_pages": True},
    "pages of TFDS": {"dataset": "celeb_a", "all_pages": True},
    "a place of arrays": {"dataset": ARRAYS, "data_dir": "y"},
    "a split of arrays": {"dataset": ARRAYS, "split": "test"},
    "a list for arrays": {"dataset": ARRAYS, "exclude": "y"},
    "a column of arrays": {"dataset": ARRAYS, "condition_on": "y"},
}


@pytest.mark.parametrize("name", NEEDLESS)
def test_settings_that_mean_nothing_to_a_dataset_are_refused(name):
    *_, setting = NEEDLESS[name]
    message = f"^{setting} .* means nothing to .*; leave it out$"
    with pytest.raises(ValueError, match=message):
        resolve_run_config(NEEDLESS[name])


@pytest.mark.parametrize(
    "settings",
    [
        {"image_dir": "x", "all_pages": True, "split": "all", "crop": 9},
        {"image_dir": "x", "data_dir": None, "exclude": "y"},
        {"dataset": "celeb_a", "data_dir": "x", "manual_dir": "y"},
        {"dataset": "toy_faces", "condition_on": "y", "all_pages": False},
        {"dataset": ARRAYS, "crop": 9, "held_out_dir": "y", "cache": "off"},
    ],
    ids=str,
)
def test_settings_that_mean_something_to_a_dataset_are_taken(settings):
    resolve_run_config(settings)


def test_runs_that_recorded_what_means_nothing_are_read():
    values = resolve_run_config({"image_dir": "x"}).to_dict()
    values["data"]["data_dir"] = "y"
    assert RunConfig.from_dict(values).data.data_dir == "y"


def test_embedded_datasets_are_known_without_loading_any():
    assert set(EMBEDDED) == set(embedded.EMBEDDED)


@pytest.mark.parametrize(
    ("settings", "num_replicas", "message"),
    [
        ({"batch_size": 15}, 2, "15 .* the 2 .*: 14 or 16"),
        ({"batch_size": 2}, 4, "2 .* the 4 .*: 4 or 4"),
        ({"accumulate": 4}, 4, None),
        ({"batch_size": 12, "accumulate": 4}, 2, "the 6 images .* 1, 2, 3, 6"),
        ({"batch_size": 12, "accumulate": 12}, 2, "each of 2 replicas"),
        ({"batch_size": 12, "accumulate": 12}, 1, None),
    ],
    ids=str,
)
def test_batches_divide_over_replicas_and_into_parts(
    settings, num_replicas, message
):
    training = TrainingConfig(**settings)
    if message is None:
        training.check_replicas(num_replicas)
        return
    with pytest.raises(ValueError, match=message):
        training.check_replicas(num_replicas)


@pytest.mark.parametrize(
    ("strategy", "count", "is_used"),
    [
        *[(strategy, 2, strategy == "mirrored") for strategy in STRATEGIES],
        # What says what happens anyway.
        *[("one_device", count, True) for count in (None, 1)],
        ("mirrored", 0, False),
        ("mirrored", -1, False),
    ],
)
def test_the_processor_is_split_for_replicas_alone(strategy, count, is_used):
    training = TrainingConfig(strategy=strategy)
    if is_used:
        training.check_cpu_devices(count)
        return
    with pytest.raises(ValueError, match=f"^cpu_devices (is )?{count}"):
        training.check_cpu_devices(count)


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        (TrainingConfig, "ema_decay", 0, 0.0),
        (TrainingConfig, "learning_rate", np.float32(0.5), 0.5),
        (TrainingConfig, "discriminator_learning_rate", None, None),
        (TrainingConfig, "discriminator_learning_rate", 1, 1.0),
        (TrainingConfig, "steps", 2e4, 20_000),
        (TrainingConfig, "steps", np.int64(5), 5),
        (TrainingConfig, "seed", np.uint8(7), 7),
        (TrainingConfig, "diff_augment", np.bool_(True), True),
        (TrainingConfig, "deterministic", 0, False),
        (ModelConfig, "base_filters", np.array(8)[()], 8),
        (ModelConfig, "spectral_norm", 1, True),
        (DataConfig, "crop", 64.0, 64),
        (DataConfig, "exclude", Path("a/b"), "a/b"),
        (DataConfig, "data_dir", b"a/b", "a/b"),
        (DataConfig, "split", np.str_("train"), "train"),
        (DataConfig, "hold_out_also", ["a", "b"], ("a", "b")),
        (DataConfig, "level_range", [0, 256], (0, 256)),
        (TrainingConfig, "init_from", Path("a@3"), "a@3"),
        (Settings, "measures", ["frechet"], ("frechet",)),
        (Settings, "measures", "frechet", ("frechet",)),
        (Settings, "measures", np.array(["frechet"]), ("frechet",)),
        (Settings, "cache_dir", Path("a"), "a"),
        (ModelConfig, "image_size", [32, 64], (32, 64)),
        (ModelConfig, "image_size", np.array([32, 64]), (32, 64)),
        (ModelConfig, "image_size", (np.int16(32), np.uint8(64)), (32, 64)),
        (ModelConfig, "image_size", 32, (32, 32)),
        (ModelConfig, "image_size", "32x64", (32, 64)),
    ],
)
def test_values_get_the_type_that_the_setting_has(kind, name, value, expected):
    got = getattr(kind(**{name: value}), name)
    assert got == expected and type(got) is type(expected)
    json.dumps(dataclasses.asdict(kind(**{name: value})))


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (TrainingConfig, {"steps": 2.5}, "steps is 2.5; .* whole number"),
        (TrainingConfig, {"steps": "100"}, "steps is '100'; .* whole number"),
        (TrainingConfig, {"steps": float("inf")}, "whole number"),
        (TrainingConfig, {"batch_size": None}, "batch_size is None"),
        (TrainingConfig, {"seed": True}, "seed is True"),
        (TrainingConfig, {"weight_decay": float("nan")}, "a finite number"),
        (TrainingConfig, {"r1_weight": float("inf")}, "a finite number"),
        (TrainingConfig, {"learning_rate": "2e-4"}, "a finite number"),
        (TrainingConfig, {"diff_augment": "no"}, "'no'; .* True or False"),
        (DataConfig, {"flip": "False"}, "'False'; .* True or False"),
        (DataConfig, {"flip": 2}, "flip is 2; .* True or False"),
        (ModelConfig, {"kernel_size": [5]}, "kernel_size is .5"),
        (ModelConfig, {"image_size": 32.5}, "is 32.5; give a side"),
        (ModelConfig, {"image_size": None}, "is None; give a side"),
        (ModelConfig, {"image_size": (32, 32, 3)}, "give a side .*, or"),
        (ModelConfig, {"image_size": "big"}, "HEIGHTxWIDTH"),
        (ModelConfig, {"image_size": [33]}, "28 or 32"),
        (DataConfig, {"background": (255, 0, 0)}, "background .* be text"),
        (DataConfig, {"split": ["train"]}, "split .* must be text"),
        (DataConfig, {"condition_on": 3}, "condition_on is 3"),
        (DataConfig, {"fit": None}, "fit is None; use one of"),
        (TrainingConfig, {"loss": ["hinge"]}, "loss .* use one of"),
    ],
)
def test_settings_of_another_kind_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [
        (np.uint8(32), 2_000),
        (np.int8(64), 1_000),
        (0, "batch_size is 0; use 1 or more"),
        ("32", "batch_size is '32'; use 1 or more"),
        ([32], "batch_size is .32.; use 1 or more"),
    ],
)
def test_a_folders_evaluations_go_by_any_batch_size(batch_size, expected):
    settings = {"image_dir": "x", "batch_size": batch_size}
    if isinstance(expected, int):
        assert resolve_run_config(settings).training.eval_every == expected
        return
    with pytest.raises(ValueError, match=expected):
        resolve_run_config(settings)


@pytest.mark.parametrize("family", ["dcgan", "gan", "lapgan"])
@pytest.mark.parametrize("size", [32, "32", [32, 32], np.array([32, 32])])
def test_sizes_of_any_form_are_resolved(family, size):
    config = resolve_run_config({"family": family, "image_size": size})
    assert config.model.image_size == (32, 32)
    assert RunConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (ModelConfig, "image_size channels latent_dim base_filters"),
        (DataConfig, "dataset image_dir data_dir manual_dir split crop "
         "background cache exclude flip"),
        (TrainingConfig, "steps batch_size learning_rate beta_1 seed precision "
         "strategy tpu deterministic ema_decay label_smoothing weight_decay "
         "diff_augment report_every sample_every checkpoint_every eval_every "
         "keep_checkpoints"),
    ],
)  # fmt: skip
def test_settings_of_0_1_0_keep_their_positions(kind, names):
    fields = [field.name for field in dataclasses.fields(kind)]
    assert fields[: len(names.split())] == names.split()


UNUSED = {
    "model.base_filters": 8, "model.kernel_size": 3,
    "model.convs_per_scale": 2, "model.hidden_units": 10,
    "model.spectral_norm": True, "model.discriminator_batch_norm": False,
    "training.batch_norm": "replica", "training.r1_weight": 1.0,
    "training.r2_weight": 1.0, "training.penalty_every": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("family", "setting"),
    [
        (family, setting)
        for family, known in FAMILIES.items()
        for setting in UNUSED
        if setting.partition(".")[2] in known.unused
    ],
)
def test_what_means_nothing_to_a_family_is_refused(family, setting):
    """Some of what no flag could give, a config of a program's own took."""
    part, _, name = setting.partition(".")
    change = {name: UNUSED[setting]}
    config = resolve_run_config({"family": family})
    refusal = f"{name} {UNUSED[setting]!r} means nothing to the family {family}"
    with pytest.raises(ValueError, match=refusal):
        settings = dataclasses.replace(getattr(config, part), **change)
        dataclasses.replace(config, **{part: settings})
    with pytest.raises(ValueError, match=refusal):
        resolve_run_config({"family": family, **change})


def test_all_settings_of_no_use_to_a_family_are_tried():
    tried = {setting.partition(".")[2] for setting in UNUSED} | {"preset"}
    assert tried == {n for known in FAMILIES.values() for n in known.unused}


# What to try instead of a setting's value.
OTHER_VALUES = (
    True, False, 1, 2, 3, 0.25, 0.5, 2.0, (16, 32), ("a", "b"), "x", "off",
    "pad", "red", "sgd", "adam", "replica", "mirrored", "alternating", "gan",
    "mixed_bfloat16", "small", "train", "large", {"a": "b"}, "hinge",
)  # fmt: skip


# Settings that take another value together only.
TOGETHER = (
    {"family": "gan", "hidden_units": 5, "optimizer": "sgd"},
    {"image_dir": "x", "labels": "y.csv", "channels": 4},
    {"strategy": "tpu", "tpu": "x"},
    {"diff_augment": True, "diff_augment_target": 0.5},
    {"eval_every": 5, "patience": 2},
)


def list_settings(config):
    return {
        f"{part}.{name}": value
        for part, settings in config.to_dict().items()
        for name, value in settings.items()
    }


def list_changes(config):
    """Gives a config for each setting that has another value there alone."""
    for part in dataclasses.fields(config):
        settings = getattr(config, part.name)
        for field in dataclasses.fields(settings):
            for value in OTHER_VALUES:
                changes = {field.name: value}
                with contextlib.suppress(ValueError, TypeError):
                    changed = dataclasses.replace(settings, **changes)
                    yield dataclasses.replace(config, **{part.name: changed})


def test_json_round_trip_keeps_every_setting():
    config = resolve_run_config({"dataset": "celeb_a", "image_size": (48, 96)})
    usual = list_settings(config)
    changed = set()
    others = [*list_changes(config), *map(resolve_run_config, TOGETHER)]
    for other in others:
        read = RunConfig.from_json(other.to_json(versions={"keras": "3"}))
        assert read == other
        settings = list_settings(read)
        changed |= {name for name in usual if settings[name] != usual[name]}
    assert changed == set(usual)


def test_runs_of_another_version_are_refused_in_words():
    values = resolve_run_config({}).to_dict()
    values["model"]["attention"] = True
    with pytest.raises(ValueError, match="another version"):
        RunConfig.from_dict(values)


@pytest.mark.parametrize(
    "background",
    [
        "rgb(300,0,0)", "rgb(-1,0,0)", "hsv(400,1000%,50%)", "#ff000080",
        "rgba(1,2,3,4)", "whit", "",
    ],
)  # fmt: skip
def test_what_is_no_colour_is_refused(background):
    with pytest.raises(ValueError, match="is no colour; use a name such as"):
        parse_colour(background)


@pytest.mark.parametrize(
    ("background", "colour"),
    [
        ("white", (255, 255, 255)),
        ("#01ff03", (1, 255, 3)),
        ("#f00", (255, 0, 0)),
        ("#ff0000ff", (255, 0, 0)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
        ("hsl(120, 100%, 50%)", (0, 255, 0)),
    ],
)
def test_colours_are_read(background, colour):
    assert parse_colour(background) == colour


@pytest.mark.parametrize("crop", [-1, 2**24 + 1, 3_000_000_000, 10**13])
def test_a_crop_that_no_image_has_is_refused(crop):
    with pytest.raises(ValueError, match=f"crop is {crop}; use 0 to 16,777,2"):
        DataConfig(crop=crop)
