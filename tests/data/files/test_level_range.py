"""Grey of more than 8 bits has one range for a whole collection."""

import json
import struct

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from PIL import Image

from dcgan_tf.cli import data as data_command
from dcgan_tf.cli import train as train_command
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.files.level_range import (
    UPPER_BYTE,
    measure_level_range,
    scale_levels,
)
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.runs.folder import keep_recorded_data

MODEL = ModelConfig((16, 16), 1)
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4", "--channels=1",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1", "--sample_every=2", "--checkpoint_every=2",
)  # fmt: skip


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([], None),
        ([np.full((2, 2), np.nan)], None),
        ([np.uint16([[5, 9]]), np.uint16([[4095]])], (5, 4096)),
        ([np.int32([[-7]])], (-7, -6)),
        ([np.float32([[-1.5, np.inf]]), np.float32([[2.5]])], (-1.5, 2.5)),
        ([np.float32([[3]])], (3.0, 4.0)),
        # Two hot pixels and a dead one of 30,000.
        ([np.uint16([[65535, 65535, 0] + [700, 900] * 15_000])], (700, 901)),
    ],
)
def test_measured(images, expected):
    assert measure_level_range(images) == expected


@pytest.mark.parametrize(
    ("levels", "brightest"),
    [
        (1_900_000_000 + np.arange(200, dtype=np.int32), 254),
        (2**40 + np.arange(256, dtype=np.int64), 255),
        (1e300 * np.arange(1, 5), 255),
        (np.full(4, 1e17), 0),
        (np.full(4, -1e300), 0),
        (np.full(4, 2**60, np.int64), 0),
    ],
)
def test_levels_of_any_size_keep_their_differences(levels, brightest):
    image = np.repeat(levels[None, :, None], 3, axis=0)
    scaled = scale_levels(image, measure_level_range([image]))
    assert scaled.min() == 0 and scaled.max() == brightest
    assert len(np.unique(scaled)) == len(np.unique(levels))


def test_levels_too_far_apart_are_refused():
    with pytest.raises(ValueError, match="too far apart"):
        measure_level_range([np.array([[[-1.7e308], [1.7e308]]])])


def test_upper_byte_is_what_it_says():
    levels = np.arange(2**16, dtype=np.uint16)
    np.testing.assert_array_equal(scale_levels(levels, UPPER_BYTE), levels >> 8)
    whole = levels.astype(np.int32)[None]
    np.testing.assert_array_equal(
        scale_levels(whole, UPPER_BYTE)[0], levels >> 8
    )


@pytest.fixture
def microscope(tmp_path):
    """Images of one level each, 12 bits together: 0, 585, ..., 4095."""
    folder = tmp_path / "cells"
    for split, levels in (("train", range(0, 4096, 585)), ("test", (100, 800))):
        for level in levels:
            path = folder / split / "abx"[level % 3] / f"{level}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((20, 20), level, np.uint16)
            Image.fromarray(pixels).save(path)
    return folder


def load_levels(data, split):
    source = load_source(data, split)
    images, _ = load_images(source, MODEL, data)
    names = [source.name_of(i) for i in range(source.num_examples)]
    levels = [int(name.split("/")[-1].partition(".")[0]) for name in names]
    return dict(zip(levels, images[:, 0, 0, 0].tolist(), strict=True))


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_every_split_is_scaled_alike(microscope, split):
    data = DataConfig(dataset="image_folder", image_dir=str(microscope))
    assert load_source(data, split).level_range == (0, 4096)
    levels = load_levels(data, split)
    assert levels == {level: level >> 4 for level in levels}


def test_data_command_says_the_range(microscope, tmp_path, capsys):
    argv = [f"--image_dir={microscope}", f"--output={tmp_path / 's.png'}"]
    assert data_command.main(argv) == 0
    assert "bits: 0 to 4096 become 0 to 255" in capsys.readouterr().out


def test_colour_has_the_same_range_where_it_is_read_whole(tmp_path, capsys):
    folder = tmp_path / "cells"
    folder.mkdir()
    for level in (0, 1000, 4095):
        pixels = np.full((20, 20, 3), level, np.uint16)
        tf.io.write_file(str(folder / f"{level}.png"), tf.io.encode_png(pixels))
    argv = [f"--image_dir={folder}", f"--output={tmp_path / 's.png'}"]
    assert data_command.main(argv) == 0
    printed = capsys.readouterr().out
    assert "bits: 0 to 4096 become 0 to 255" in printed
    assert "more than 8 bits a level" not in printed
    data = DataConfig(dataset="image_folder", image_dir=str(folder))
    assert load_levels(data, "all") == {0: 0, 1000: 62, 4095: 255}
    write_deep_tiff(folder / "5000.tif", 5000)
    assert data_command.main(argv) == 0
    printed = capsys.readouterr().out
    assert "Of 1 of more than 8 bits a level (such as 5000.tif)" in printed


def write_deep_tiff(path, level):
    """Writes colour of 16 bits and one level, which Pillow can't."""
    side = 20
    pixels = np.full((side, side, 3), level, "<u2").tobytes()
    tags = [
        (256, 3, 1, side), (257, 3, 1, side), (258, 3, 3, 8), (259, 3, 1, 1),
        (262, 3, 1, 2), (273, 4, 1, 14), (277, 3, 1, 3), (278, 3, 1, side),
        (279, 4, 1, len(pixels)),
    ]  # fmt: skip
    head = b"II*\0" + struct.pack("<IHHH", 14 + len(pixels), 16, 16, 16)
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    count = struct.pack("<H", len(tags))
    path.write_bytes(head + pixels + count + entries + bytes(4))


def test_a_run_keeps_its_range(microscope, tmp_path):
    """However the collection grows; one that doesn't say, the upper byte."""
    run_dir = tmp_path / "run"
    argv = [*TINY, f"--image_dir={microscope}", f"--run_dir={run_dir}"]
    assert train_command.main([*argv, "--steps=2"]) == 0
    bright = np.full((20, 20), 60_000, np.uint16)
    Image.fromarray(bright).save(microscope / "train" / "a" / "60000.png")
    assert load_levels(resume(argv), "test") == {100: 6, 800: 50}
    path = run_dir / "config.json"
    settings = json.loads(path.read_text())
    assert settings["data"].pop("level_range") == [0, 4096]
    path.write_text(json.dumps(settings))
    assert load_levels(resume(argv), "test") == {100: 0, 800: 3}


def resume(argv):
    """Returns the data's settings as a resumed run reads them."""
    values = flags.FlagValues()
    train_command.define_flags(values)
    values(["train", *argv])
    config = train_command.build_config(values)
    return keep_recorded_data(values.run_dir, config).data


def test_a_cached_copy_of_another_range_is_not_used(
    microscope, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for level_range, expected in (((0, 4096), 36), (UPPER_BYTE, 2)):
        data = DataConfig(
            dataset="image_folder", image_dir=str(microscope), cache="disk",
            level_range=level_range,
        )  # fmt: skip
        assert load_levels(data, "train")[585] == expected
