"""The best checkpoint's record, and what compares with it."""

import pytest

from dcgan_tf.runs.best_checkpoint import BestCheckpoint

BEST = BestCheckpoint(4, "distance", 0.5, "these")


@pytest.mark.parametrize(
    ("best", "text"),
    [
        (
            BEST,
            '{"step": 4, "measure": "distance", "value": 0.5, '
            '"held_out": "these"}\n',
        ),
        # Of version 0.1.0, which doesn't know the images.
        (
            BestCheckpoint(4, "distance", 0.5),
            '{"step": 4, "measure": "distance", "value": 0.5}\n',
        ),
    ],
)
def test_it_is_written_as_earlier_versions_read_it(best, text):
    assert best.to_json() == text
    assert BestCheckpoint.from_json(text) == best


@pytest.mark.parametrize(
    ("start", "measure", "held_out", "incomparable", "stale"),
    [
        (4, "distance", "these", None, None),
        (9, None, None, None, None),
        (3, "distance", "these", None, "resumes before it, from step 3"),
        (3, None, None, None, "resumes before it, from step 3"),
        (4, "distance", "others", "other held-out", "other held-out"),
        (3, "distance", "others", "other held-out", "other held-out"),
        (4, "another", "these", "now it is by another", "now it is by another"),
    ],
)
def test_it_says_what_does_not_compare_with_it(
    start, measure, held_out, incomparable, stale
):
    for expected, reason in (
        (incomparable, BEST.find_incomparability(measure, held_out)),
        (stale, BEST.find_staleness(start, measure, held_out)),
    ):
        assert (reason is None) == (expected is None)
        assert expected is None or expected in reason


def test_images_that_are_not_known_compare_with_any():
    unknown = BestCheckpoint(4, "distance", 0.5)
    assert unknown.find_staleness(4, "distance", "these") is None
