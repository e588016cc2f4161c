import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf import images
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import folder, sample_grids


@pytest.fixture
def run_dir(tmp_path):
    for step in (2, 4, 10_000_000):
        grid = np.full((8, 8, 3), step % 256, np.uint8)
        images.save_png(sample_grids.sample_path(tmp_path, step), grid)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "step-0000002 (1).png",
        "step-0000002 copy.png",
        "step-.png",
        "step-latest.png",
        "step-2.png",
        "._step-0000002.png",
    ],
)
def test_only_grids_by_a_runs_own_names_are_listed(run_dir, name):
    (run_dir / "samples" / name).write_bytes(b"the user's")
    assert list(sample_grids.list_grids(run_dir)) == [2, 4, 10_000_000]
    sample_grids.remove_later_grids(run_dir, 0)
    assert [p.name for p in (run_dir / "samples").iterdir()] == [name]


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut_in_half, "can't be read"),
        (lambda path: path.write_bytes(b""), "can't be read"),
        (lambda path: path.write_bytes(bytes(100)), "can't be read"),
        (
            lambda path: images.save_png(path, np.zeros((4, 4, 3), np.uint8)),
            "(4, 4, 3)",
        ),
        (
            lambda path: images.save_png(path, np.zeros((8, 8, 1), np.uint8)),
            "(8, 8, 1)",
        ),
    ],
    ids=["half", "empty", "zeros", "resized", "grey"],
)
def test_a_damaged_grid_is_left_out_of_the_film_with_a_line(
    run_dir, damage, words
):
    lines = []
    path = sample_grids.sample_path(run_dir, 4)
    damage(path)
    before = path.read_bytes()
    sample_grids.save_samples_gif(run_dir, lines.append)
    (line,) = lines
    assert str(path) in line and words in line
    assert path.read_bytes() == before
    film = images.load_png(run_dir / "samples" / sample_grids.GIF_FILE)
    assert film.shape[:2] == (8, 8)
    assert list(sample_grids.load_grids(run_dir, lines.append)) == [
        2,
        10_000_000,
    ]


def test_a_long_run_has_a_short_film(tmp_path):
    for step in range(150):
        grid = np.full((2, 2, 1), step, np.uint8)
        images.save_png(sample_grids.sample_path(tmp_path, step), grid)
    grids = sample_grids.load_grids(tmp_path)
    assert len(grids) == 120
    assert min(grids) == 0 and max(grids) == 149


@pytest.mark.parametrize(
    ("num_classes", "num_batches"),
    [(2, 8), (10, 8), (16, 8), (100, 8), (1_000, 8), (3_000, 24)],
)
def test_the_statistics_are_of_every_class(
    monkeypatch, num_classes, num_batches
):
    seen = []
    monkeypatch.setattr(
        sample_grids,
        "reestimate_statistics",
        lambda _, batches: seen.extend(labels for _, labels in batches),
    )
    sample_grids.reestimate_generator(None, make_config(num_classes))
    counts = np.bincount(np.ravel(seen), minlength=num_classes)
    assert len(seen) == num_batches and len(counts) == num_classes
    assert counts.min() >= 1
    if num_classes > 16:
        assert counts.max() - counts.min() <= 1
    else:  # As in version 0.1.0: its runs keep their images.
        for labels in seen:
            np.testing.assert_array_equal(labels, np.arange(128) % num_classes)


@pytest.mark.parametrize(
    ("num_classes", "shown"),
    [
        (0, [0] * 8),
        (3, [0, 1, 2]),
        (128, [*range(128)]),
        (1_000, [i * 1_000 // 128 for i in range(128)]),
    ],
)
def test_a_grid_is_drawn_in_batches_and_shows_128_classes_at_most(
    monkeypatch, num_classes, shown
):
    """Each image is of its class's grey, and each batch is small."""
    config = make_config(num_classes)
    monkeypatch.setattr(sample_grids, "reestimate_generator", lambda *_: None)
    batches = []

    def draw(inputs, training):
        latents = inputs[0] if num_classes else inputs
        labels = inputs[1] if num_classes else tf.zeros(len(latents), tf.int32)
        batches.append(len(latents))
        grey = tf.cast(labels, tf.float32) / 500 - 1
        return tf.broadcast_to(grey[:, None, None, None], (len(grey), 2, 2, 1))

    grid = sample_grids.SampleGrid(config).draw(draw)
    assert max(batches) <= 128
    assert grid.shape == (4 * len(shown) + 2, 4 * 8 + 2, 1)
    expected = images.to_uint8(np.array(shown, np.float32) / 500 - 1)
    for column in (2, 30):
        np.testing.assert_array_equal(grid[2::4, column, 0], expected)
    assert sample_grids.num_samples(config) == 8 * len(shown)


def test_names_are_of_the_classes_shown(tmp_path):
    config = make_config(256)
    folder.make_run_dir(tmp_path)
    names = [f"class {i}" for i in range(256)]
    folder.save_run_config(tmp_path, config, classes=names)
    row_names = sample_grids.choose_row_names(tmp_path, config)
    assert row_names == tuple(names[::2])


def make_config(num_classes):
    config = resolve_run_config({"image_size": (16, 16), "latent_dim": 8})
    model = dataclasses.replace(config.model, num_classes=num_classes)
    return dataclasses.replace(config, model=model)
