"""What steps report is read when it is asked for, by each reader in full."""

import types

import pytest
import tensorflow as tf

from dcgan_tf.training import step_measures
from dcgan_tf.training.step_measures import StepMeasures, StepTimer


def test_each_reader_takes_every_step_in_its_own_time():
    measures = StepMeasures()
    measures.wait()  # For nothing yet.
    measures.add({"d_loss": tf.constant(1.0), "g_loss": tf.constant(2.0)})
    first = {"d_loss": 1.0, "g_loss": 2.0}
    assert measures.take_unseen() == [first]
    # Two steps of one call.
    measures.add(
        {"d_loss": tf.constant([3.0, 5.0]), "g_loss": tf.constant([4.0, 6.0])}
    )
    measures.wait()
    later = [{"d_loss": 3.0, "g_loss": 4.0}, {"d_loss": 5.0, "g_loss": 6.0}]
    assert measures.take_unwritten() == [first, *later]
    assert measures.take_unseen() == later
    assert measures.take_unwritten() == measures.take_unseen() == []


@pytest.mark.parametrize(
    ("events", "seconds_per_step"),
    [
        ("trace call take", 1),
        ("trace call pause call take", 1),
        # What is done before the first call doesn't make that one a step.
        ("pause trace call call take", 1),
        ("trace call pause trace call take", 1),
        ("trace trace call take", 1),
        ("trace call trace call take", 1),
        ("trace take call take trace call take", 1),
        ("trace call trace take", 0),
        ("trace take", 0),
    ],
)
def test_a_call_that_traces_is_no_steps_time(
    monkeypatch, events, seconds_per_step
):
    """A call takes a second and, where it traces, a hundred."""
    now = 0
    clock = types.SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(step_measures, "time", clock)
    timer = StepTimer(lambda: None)
    for event in events.split():
        if event in ("call", "trace"):
            has_traced = event == "trace"
            now += 100 if has_traced else 1
            timer.count_steps(1, has_traced)
        elif event == "pause":
            with timer.paused():
                now += 1_000
        else:
            seconds = timer.take_seconds_per_step()
    assert seconds == seconds_per_step
