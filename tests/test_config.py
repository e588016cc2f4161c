import dataclasses

import pytest

from dcgan_tf.config import (
    DATASETS,
    PRESETS,
    DataConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
    find_differences,
    get_dataset_defaults,
    parse_image_size,
    resolve_run_config,
)


@pytest.mark.parametrize(
    ("text", "size", "num_scales", "start_size"),
    [
        ("64", (64, 64), 4, (4, 4)),
        ("48", (48, 48), 3, (6, 6)),
        ("96", (96, 96), 4, (6, 6)),
        ("64x128", (64, 128), 4, (4, 8)),
        ("28", (28, 28), 2, (7, 7)),
        ("256", (256, 256), 6, (4, 4)),
    ],
)
def test_sizes_that_work(text, size, num_scales, start_size):
    assert parse_image_size(text) == size
    config = ModelConfig(image_size=size)
    assert config.num_scales == num_scales
    assert config.start_size == start_size


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("63", "56 or 64"), ("8", "16 or 20"), ("300", "224 or 256")],
)
def test_impossible_sizes_name_the_nearest(text, nearest):
    with pytest.raises(ValueError, match=nearest):
        parse_image_size(text)


def test_impossible_rectangle_names_a_rectangle():
    with pytest.raises(ValueError, match="64x128"):
        parse_image_size("64x130")


@pytest.mark.parametrize("text", ["", "big", "64x", "1x2x3", "-64"])
def test_sizes_that_are_no_sizes(text):
    with pytest.raises(ValueError, match="HEIGHTxWIDTH"):
        parse_image_size(text)


def test_widths_double_and_are_capped_at_eight_times_the_base():
    config = ModelConfig(image_size=(256, 256), base_filters=4)
    assert [f for f, _ in config.convolutions] == [4, 8, 16, 32, 32, 32]


def test_imagenet_preset_is_the_authors_network():
    assert PRESETS["imagenet_32"].convolutions == (
        (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2),
    )  # fmt: skip


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
        (TrainingConfig, {"learning_rate": -1.0}, "must be positive"),
        (TrainingConfig, {"strategy": "parameter_server"}, "multi_worker"),
        (TrainingConfig, {"tpu": "v4"}, "use strategy 'tpu'"),
    ],
)
def test_settings_that_contradict_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)


def test_json_round_trip_keeps_every_setting():
    config = resolve_run_config(
        {"dataset": "celeb_a", "image_size": (48, 96), "seed": 7, "flip": True}
    )
    assert RunConfig.from_json(config.to_json(versions={"keras": "3"})) == (
        config
    )


def test_runs_of_another_version_are_refused_in_words():
    values = resolve_run_config({}).to_dict()
    values["model"]["attention"] = True
    with pytest.raises(ValueError, match="another version"):
        RunConfig.from_dict(values)


def test_defaults_come_from_the_dataset_and_flags_win():
    config = resolve_run_config({"dataset": "celeb_a", "steps": 5})
    assert config.model == PRESETS["paper_64"]
    assert config.data.crop == 108
    assert config.training.steps == 5


def test_image_dir_alone_means_a_folder():
    assert resolve_run_config({"image_dir": "x"}).data.dataset == "image_folder"


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="unknown settings: colour"):
        resolve_run_config({"colour": 1})


def test_every_dataset_resolves():
    for dataset in DATASETS:
        settings = {"dataset": dataset}
        if dataset == "image_folder":
            settings = {"image_dir": "x"}
        assert resolve_run_config(settings).data.dataset == dataset


def test_dataset_configs_and_versions_share_their_entry():
    assert get_dataset_defaults("celeb_a:2.1.0").crop == 108
    assert get_dataset_defaults("imagenet_resized/32x32").preset == (
        "imagenet_32"
    )


def test_differences_name_the_section():
    old = resolve_run_config({})
    training = dataclasses.replace(old.training, seed=3)
    assert find_differences(
        old, dataclasses.replace(old, training=training)
    ) == {"training.seed": (0, 3)}
