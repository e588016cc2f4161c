"""The caption of the arithmetic sheet."""

import numpy as np
import pytest

from dcgan_tf.analysis import arithmetic
from dcgan_tf.analysis.sheet import draw_sheet


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((3, 3, 3), "Columns: 3 exemplars of each concept, and"),
        ((1, 1, 1), "Columns: 1 exemplar of each concept, and"),
        ((1, 3, 5), "Columns: 1, 3 and 5 exemplars of the concepts, and"),
        ((3, 3, 1), "Columns: 3, 3 and 1 exemplars of the concepts, and"),
    ],
)
def test_exemplars_are_counted(trained, monkeypatch, counts, words):
    captions = []

    def draw_watched(title, rows, caption):
        captions.append(caption)
        return draw_sheet(title, rows, caption)

    monkeypatch.setattr(arithmetic, "draw_sheet", draw_watched)
    latents = trained.sample_latents(max(counts))
    groups = [latents[:count] for count in counts]
    sheet = arithmetic.draw_arithmetic(trained, groups, "abc", "Picked.")
    assert sheet.dtype == np.uint8
    (caption,) = captions
    assert words in caption and "±0.25 added. Picked. Run " in caption
