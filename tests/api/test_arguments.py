"""What `train` and `load` make of their arguments, without training."""

import dataclasses
import os
import random
from pathlib import Path

import numpy as np
import pytest
from fixtures import tiny_run
from fixtures.tiny_arrays import make_images

import dcgan_tf
from dcgan_tf import api
from dcgan_tf.config import DataConfig, ModelConfig, TrainingConfig

TINY = {"base_filters": 4, "latent_dim": 8, "steps": 4, "batch_size": 8}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arguments")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return dcgan_tf.load(tiny_run.make_run(folder / "run", pictures))


@pytest.fixture
def resolve(tmp_path, monkeypatch):
    """Returns what `train` comes to train, of its arguments, without doing."""

    class Stopped(Exception):
        pass

    def stop(config, *args, **kwargs):
        # As training does that is deterministic.
        random.seed(0)
        np.random.seed(0)
        raise Stopped(config)

    monkeypatch.setattr(api, "run_training", stop)

    def train(images, **settings):
        with pytest.raises(Stopped) as stopped:
            dcgan_tf.train(images, tmp_path / "run", **settings)
        return stopped.value.args[0]

    return train


@pytest.mark.parametrize("family", ["dcgan", "gan", "lapgan"])
def test_arrays_choose_a_preset_for_its_own_family_alone(
    family, images, resolve
):
    large = np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)
    config = resolve(large, family=family, steps=2)
    assert config.model.family == family
    assert config.model.image_size == (32, 32)


SETTINGS = sorted(
    {
        field.name
        for config in (ModelConfig, DataConfig, TrainingConfig)
        for field in dataclasses.fields(config)
    }
    | {"preset", "recipe", "image_dir", "dataset"}
)


@pytest.mark.parametrize("side", [28, 64])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_none_is_not_set(name, side, resolve):
    grey = make_images(40, (side, side))
    config = resolve(grey, **{name: None})
    assert config == resolve(grey)
    assert config.model.image_size == (side, side)
    assert config.model.channels == 1


def test_a_program_keeps_its_random_states(resolve, images):
    """Its own draws would repeat after each run that is deterministic."""

    def draw():
        return random.random(), float(np.random.random())

    random.seed(5), np.random.seed(5)
    expected = [draw(), draw()]
    random.seed(5), np.random.seed(5)
    drawn = [draw()]
    resolve(images, **TINY, deterministic=True)
    assert [*drawn, draw()] == expected


@pytest.mark.parametrize("name", ["toy_faces", "CelebA", "mnist:3.0.1"])
def test_a_dataset_holds_out_its_own_images_alone(
    name, run, images, tmp_path, monkeypatch
):
    """Another's are none to evaluate on: text is a folder there."""
    monkeypatch.chdir(tmp_path)
    calls = {
        "held_out": [
            lambda: dcgan_tf.train(images, "run", held_out=name, **TINY),
            lambda: dcgan_tf.train("mnist_5k", "run", held_out=name),
            lambda: dcgan_tf.load(run.path, images=images, held_out=name),
        ],
        "probe_held_out": [
            lambda: run.evaluate(
                [],
                probe="few_labels",
                probe_data=(images, np.arange(len(images)) % 2),
                probe_held_out=name,
            )
        ],
    }
    for argument, asks in calls.items():
        message = f"{argument} is '{name}', the name of a dataset; give a"
        for ask in asks:
            with pytest.raises(ValueError, match=message):
                ask()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["toy_faces", "others", "./toy_faces", "~/x"])
def test_a_folder_is_held_out_by_any_name(name, resolve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "toy_faces":
        Path(name).mkdir()
    config = resolve("mnist_5k", held_out=name)
    wanted = os.path.abspath(os.path.expanduser(name))
    assert config.data.held_out_dir == wanted


def test_names_of_classes_are_for_arrays_alone(run, images, tmp_path):
    names = ["a", "b"]
    for ask in (
        lambda: dcgan_tf.train("mnist_5k", tmp_path / "run", label_names=names),
        lambda: dcgan_tf.load(run.path, images="x", label_names=names),
        lambda: dcgan_tf.load(run.path, held_out="x", label_names=names),
        lambda: dcgan_tf.load(run.path, label_names=names),
    ):
        with pytest.raises(ValueError, match="label_names are for images that"):
            ask()
    labels = np.arange(len(images)) % 2
    dcgan_tf.load(run.path, held_out=(images, labels), label_names=names)
