"""Sick runs are noticed soon; of healthy ones nothing is said."""

import pytest

from dcgan_tf.training.health import CHECK_EVERY, HealthMonitor

HEALTHY = dict(
    d_loss=0.5,
    g_loss=2.5,
    sample_contrast=0.8,
    sample_variation=0.6,
    sample_shift=0.3,
)
# Medians or means over 50 steps of real runs, where they look their worst.
REAL_RUNS = {
    "digits, first steps": dict(
        d_loss=0.27, g_loss=3.4, sample_contrast=0.42, sample_variation=0.17,
        sample_shift=0.7,
    ),
    "digits, tiny networks": dict(
        d_loss=1.1, g_loss=0.6, sample_contrast=0.23, sample_variation=0.21,
        sample_shift=0.8,
    ),
    "digits, a rate too low": dict(
        d_loss=1.3, g_loss=0.8, sample_contrast=0.33, sample_variation=0.31,
        sample_shift=0.93,
    ),
    "drawn faces": dict(
        d_loss=0.058, g_loss=3.6, sample_contrast=0.57, sample_variation=0.26,
        sample_shift=0.4,
    ),
    "faces, 64x64": dict(d_loss=1.1, g_loss=15.3),
    "faces, the paper's width": dict(
        d_loss=3.8, g_loss=65, sample_contrast=0.8, sample_variation=0.17,
        sample_shift=0.49,
    ),
    "SVHN": dict(d_loss=0.1135, g_loss=3.8),
    "fully connected": dict(d_loss=0.166, g_loss=5.3),
    "Laplacian pyramid": dict(d_loss=1.3, g_loss=0.74),
}  # fmt: skip


def look_at(looks):
    """Returns the warnings of looks, each given by what isn't healthy."""
    monitor = HealthMonitor()
    found = []
    for number, measures in enumerate(looks, 1):
        steps = [HEALTHY | measures] * CHECK_EVERY
        found.append(monitor.look(number * CHECK_EVERY, steps))
    return found, monitor


@pytest.mark.parametrize("measures", REAL_RUNS.values(), ids=REAL_RUNS)
def test_healthy_runs_are_left_alone(measures):
    found, monitor = look_at([measures] * 20)
    assert found == [None] * 20
    assert monitor.current == ()


@pytest.mark.parametrize(
    ("measures", "step", "kind", "text"),
    [
        (dict(d_loss=0.0, g_loss=5e13), 50, "divergence", "g_loss 5e+13"),
        (dict(d_loss=-4e9), 50, "divergence", "exploded"),
        (dict(d_loss=2e-5, g_loss=43.0), 100, "divergence", "all but zero"),
        (dict(sample_contrast=0.029), 100, "collapse", "one colour"),
        (dict(sample_variation=0.034), 100, "collapse", "all alike"),
        (dict(sample_shift=1.6), 100, "divergence", "outside the images"),
        # The worst alone is said.
        (
            dict(d_loss=1e-9, sample_contrast=0.03, sample_variation=0.03),
            100,
            "collapse",
            "one colour",
        ),
    ],
)
def test_sick_runs_are_noticed_once_within_100_steps(
    measures, step, kind, text
):
    found, monitor = look_at([measures] * 10)
    warnings = [warning for warning in found if warning]
    assert [(w.step, w.kind) for w in warnings] == [(step, kind)]
    assert text in warnings[0].text and "learning_rate" in warnings[0].text
    assert "\n" not in str(warnings[0]) and kind in str(warnings[0])
    assert monitor.current == tuple(warnings)


@pytest.mark.parametrize(
    "measures", [dict(d_loss=2e-5), dict(sample_variation=0.034)]
)
@pytest.mark.parametrize("is_augmented", [True, False])
def test_no_run_is_advised_to_do_what_it_does(measures, is_augmented):
    monitor = HealthMonitor(is_augmented)
    steps = [HEALTHY | measures] * CHECK_EVERY
    monitor.look(50, steps)
    text = monitor.look(100, steps).text
    assert ("diff_augment" in text) != is_augmented


def test_what_passes_and_comes_back_is_said_again():
    sick = dict(sample_variation=0.01)
    found, monitor = look_at([sick, sick, {}, sick, sick, {}])
    assert [bool(w) for w in found] == [False, True, False, False, True, False]
    assert monitor.current == ()


def test_one_bad_look_or_a_few_spikes_are_nothing():
    sick = dict(sample_contrast=0.01, d_loss=1e-6)
    assert look_at([sick, {}] * 5)[0] == [None] * 10
    spikes = [HEALTHY | dict(d_loss=1e5)] * 20 + [HEALTHY] * 30
    assert HealthMonitor().look(50, spikes) is None


@pytest.mark.parametrize(
    ("measures", "is_said"),
    [(dict(sample_contrast=0.01), False), (dict(g_loss=1e9), True)],
)
def test_the_few_last_steps_tell_explosions_alone(measures, is_said):
    monitor = HealthMonitor()
    for step in (4, 8, 12):
        found = monitor.look(step, [HEALTHY | measures] * 4)
        assert bool(found) == (is_said and step == 4)
    assert HealthMonitor().look(0, []) is None
