"""Lists of images to leave out: how they are read, and that some are left."""

import os

import numpy as np
import pytest

from dcgan_tf.cli import train
from dcgan_tf.config import DataConfig
from dcgan_tf.data.exclusion import find_excluded, load_excluded
from dcgan_tf.data.open_source import load_source

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8), np.uint8)


def make_place(tmp_path, write_pictures, kind):
    """Returns settings that name four images to train on, and their names."""
    path = tmp_path / kind
    names = [f"{i}.png" for i in range(4)]
    if kind == "folder":
        write_pictures(path, names)
    elif kind == "classes":
        names = [f"{'ab'[i % 2]}/{i}.png" for i in range(4)]
        write_pictures(path, names)
    elif kind == "splits":
        names = [f"train/{i}.png" for i in range(4)]
        write_pictures(path, [*names, "test/9.png"])
    elif kind == "array.npy":
        np.save(path, IMAGES)
        names = [*"0123"]
    elif kind == "split.npz":
        np.savez(path, x_train=IMAGES, x_test=IMAGES)
        names = [f"train__{i}" for i in range(4)]
    else:
        count = 4_000 if kind == "mnist_5k" else 300
        return {"dataset": kind}, [f"train__{i}" for i in range(count)]
    return {"image_dir": str(path)}, names


KINDS = [
    "folder",
    "classes",
    "splits",
    "array.npy",
    "split.npz",
    "mnist_5k",
    "toy_faces",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_of_every_image_is_refused(
    tmp_path, write_pictures, few_faces, capsys, kind
):
    place, names = make_place(tmp_path, write_pictures, kind)
    exclude = tmp_path / "exclude.txt"
    exclude.write_text("\n".join(names))
    data = DataConfig(
        **{"dataset": "image_folder", **place}, exclude=str(exclude)
    )
    with pytest.raises(ValueError, match="^every image of .* is excluded"):
        load_source(data)
    flags = [f"--{name}={value}" for name, value in place.items()]
    flags += [f"--exclude={exclude}", f"--run_dir={tmp_path / 'run'}"]
    assert train.main(flags) == 1
    errors = [t for t in capsys.readouterr().err.splitlines() if "error" in t]
    assert len(errors) == 1 and "every image of " in errors[0]
    # All but one are a source.
    exclude.write_text("\n".join(names[1:]))
    assert load_source(data).num_examples == 1


@pytest.mark.parametrize("kind", ["splits", "split.npz", "mnist_5k"])
def test_so_is_one_of_every_test_image(tmp_path, write_pictures, kind):
    place, names = make_place(tmp_path, write_pictures, kind)
    names = [name.replace("train", "test") for name in names]
    names.append("test/9.png")
    (tmp_path / "exclude.txt").write_text("\n".join(names))
    data = DataConfig(
        **{"dataset": "image_folder", **place},
        exclude=str(tmp_path / "exclude.txt"),
    )
    with pytest.raises(ValueError, match="^every image of .*test.*excluded"):
        load_source(data, "test")


def test_so_is_one_of_every_image_of_tfds(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    from dcgan_tf.data import prepared

    # Mock data have no files to name them by.
    monkeypatch.setattr(
        prepared, "_list_names", lambda *_: [("a", i) for i in range(9)]
    )
    (tmp_path / "exclude.txt").write_text(
        "\n".join(f"a__{i}" for i in range(9))
    )
    data = DataConfig(
        "cifar10",
        data_dir=str(tmp_path),
        exclude=str(tmp_path / "exclude.txt"),
    )
    with tfds.testing.mock_data(num_examples=9):
        with pytest.raises(ValueError, match="^every image of cifar10 .train"):
            load_source(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_list_is_read_as_any_system_writes_it(tmp_path, encoding, newline):
    path = tmp_path / "exclude.txt"
    path.write_bytes(
        newline.join(["a b.png", "", "\u00e9.png"]).encode(encoding)
    )
    assert load_excluded(str(path)) == {"a b.png", "\u00e9.png"}


def test_a_carriage_return_is_part_of_a_name(tmp_path):
    path = tmp_path / "exclude.txt"
    path.write_bytes(b"a\rb.png\nc.png\n")
    assert load_excluded(str(path)) == {"a\rb.png", "c.png"}


def test_accents_may_be_composed_otherwise():
    names = ["e\u0301.png", "o.png"]
    assert find_excluded(frozenset({"\u00e9.png"}), names, ".") == {names[0]}


@pytest.mark.parametrize("setting", ["image_dir", "labels", "exclude"])
def test_a_pipe_is_refused_at_once(tmp_path, setting, write_pictures):
    write_pictures(tmp_path / "cats", ["0.png", "1.png"])
    os.mkfifo(tmp_path / "pipe")
    settings = {"image_dir": str(tmp_path / "cats")}
    settings[setting] = str(tmp_path / "pipe")
    with pytest.raises(ValueError, match="is a pipe or a device"):
        load_source(DataConfig("image_folder", **settings))
