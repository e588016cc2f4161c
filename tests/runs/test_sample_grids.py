import numpy as np
import pytest

from dcgan_tf import images
from dcgan_tf.runs import sample_grids


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
