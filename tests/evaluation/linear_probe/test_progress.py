"""Long stages say how far they are, now and then."""

import pytest

from dcgan_tf.evaluation.linear_probe.progress import (
    StageProgress,
    format_seconds,
)


@pytest.mark.parametrize(
    "seconds, text",
    [(4.4, "4 s"), (89, "89 s"), (120, "2 min"), (4_800, "1 h 20 min")],
)
def test_durations_are_written_as_people_say_them(seconds, text):
    assert format_seconds(seconds) == text


def test_time_left_is_that_of_the_units_left():
    lines, now = [], [0.0]
    progress = StageProgress(lines.append, "fits", 8, lambda: now[0])
    progress.skip(3)  # Done before: they say nothing of the time.
    for _ in range(4):
        now[0] += 60
        progress.advance()
    assert lines == [
        "fits: 8",
        "fits: 4 of 8, about 4 min left",
        "fits: 5 of 8, about 3 min left",
        "fits: 6 of 8, about 2 min left",
        "fits: 7 of 8, about 60 s left",
    ]
    now[0] += 60
    progress.advance()
    assert len(lines) == 5  # What is over says so itself.


def test_many_fast_units_are_few_lines():
    lines, now = [], [0.0]
    progress = StageProgress(lines.append, "images", 1_000, lambda: now[0])
    for _ in range(999):
        now[0] += 0.05
        progress.advance()
    assert 2 <= len(lines) <= 4
