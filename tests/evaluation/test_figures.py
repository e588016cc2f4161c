"""What figures show of images."""

import types

import numpy as np
import pytest

from dcgan_tf.evaluation import figures
from dcgan_tf.evaluation.pixel_features import Segmentation
from dcgan_tf.images import to_float


@pytest.fixture
def strips(monkeypatch):
    """The rows of images that figures lay out."""
    found = []

    def keep(images, num_columns):
        found.append(images)
        return make_grid(images, num_columns)

    make_grid = figures.make_grid
    monkeypatch.setattr(figures, "make_grid", keep)
    return found


def test_segmented_samples_have_their_own_grey_levels(tmp_path, strips):
    levels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    truth = levels[..., 0].astype(int) % 3
    # As networks have them: not quite the levels, and beyond the ends.
    near = to_float(levels).numpy() * np.float32(1.002)
    figures.draw_segmentation(
        tmp_path / "segments.png",
        near,
        truth,
        Segmentation(1, 4, {}, truth),
        ("a", "b"),
        types.SimpleNamespace(name="run", step=1),
    )
    np.testing.assert_array_equal(strips[0], levels)
    assert (tmp_path / "segments.png").is_file()
