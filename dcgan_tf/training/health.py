"""Notices from a step's figures that training diverges or collapses.

Pure arithmetic on what the step reports anyway: nothing is computed for it.
Healthy runs stay well clear of the limits. Measured over the first hundreds of
steps of the embedded digits, the drawn faces, SVHN and photographs of faces:
windows' mean losses from 0.02 to 39 (the paper's width, the first 40 steps),
`sample_contrast` from 0.23, `sample_variation` from 0.16, `sample_shift` up to
0.9.
"""

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence

from dcgan_tf.setting_names import name_setting

DIVERGENCE, COLLAPSE = "divergence", "collapse"

# Steps between looks. What must be seen in two looks is said in 100 steps.
CHECK_EVERY = 50
# Of fewer steps, the last ones of a run, no more is judged than the size of
# losses: samples of the first steps are nothing yet.
_LEAST_STEPS = 25

_LARGEST_LOSS = 300.0
_ZERO_LOSS = 0.005
_LEAST_CONTRAST = 0.1
_LEAST_VARIATION = 0.08
_LARGEST_SHIFT = 1.1


def _advise_to_restart() -> str:
    return (
        "go back to an earlier checkpoint "
        f"({name_setting('init_from', 'RUN@STEP')} in a new "
        f"{name_setting('run_dir')}) or start anew, with a lower "
        f"{name_setting('learning_rate')}"
    )


def _advise_to_look_on() -> str:
    return (
        "if the next grids don't get better, start anew with a lower "
        f"{name_setting('learning_rate')} or another {name_setting('seed')}"
    )


def _advise_a_lower_rate() -> str:
    return f"start anew with a lower {name_setting('learning_rate')}"


def _advise_to_augment() -> str:
    return f"or with {name_setting('diff_augment')}"


def _advise_to_augment_few() -> str:
    return f"{_advise_to_augment()} if images are few"


@dataclasses.dataclass(frozen=True)
class TrainingWarning:
    """What was noticed.

    Attributes:
        step: When.
        kind: `divergence` or `collapse`.
        text: What is seen and what to do, one line.
    """

    step: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.kind}: {self.text}"


@dataclasses.dataclass(frozen=True)
class _Sign:
    """One way to go wrong.

    Attributes:
        kind: `divergence` or `collapse`.
        num_looks: In how many looks in a row it must be seen.
        is_seen: From a look's medians.
        describe: From a look's medians to what is seen.
        advise: Gives what to do.
        advise_unaugmented: Gives what else may help a run that doesn't augment.
    """

    kind: str
    num_looks: int
    is_seen: Callable[[Mapping[str, float]], bool]
    describe: Callable[[Mapping[str, float]], str]
    advise: Callable[[], str]
    advise_unaugmented: Callable[[], str] | None = None


# The worst first: one at a time is said, since one brings the others.
_SIGNS = (
    _Sign(
        DIVERGENCE,
        1,
        lambda seen: _find_largest(seen) > _LARGEST_LOSS,
        lambda seen: (
            f"losses have exploded (d_loss {seen['d_loss']:.3g}, g_loss "
            f"{seen['g_loss']:.3g}; a healthy run stays under 50 or so)"
        ),
        _advise_to_restart,
    ),
    _Sign(
        COLLAPSE,
        2,
        lambda seen: seen.get("sample_contrast", 1) < _LEAST_CONTRAST,
        lambda seen: (
            "samples are all but one colour (their contrast is "
            f"{seen['sample_contrast']:.0%} of the images')"
        ),
        _advise_to_look_on,
        _advise_to_augment,
    ),
    _Sign(
        COLLAPSE,
        2,
        lambda seen: seen.get("sample_variation", 1) < _LEAST_VARIATION,
        lambda seen: (
            "samples are all alike (they vary "
            f"{seen['sample_variation']:.0%} as much as the images)"
        ),
        _advise_to_look_on,
        _advise_to_augment,
    ),
    _Sign(
        DIVERGENCE,
        2,
        lambda seen: seen.get("sample_shift", 0) > _LARGEST_SHIFT,
        lambda seen: (
            "samples lie far outside the images (their mean image is "
            f"{seen['sample_shift'] / 2:.0%} of the range of values away)"
        ),
        _advise_to_restart,
    ),
    _Sign(
        DIVERGENCE,
        2,
        lambda seen: seen["d_loss"] < _ZERO_LOSS,
        lambda seen: (
            f"D's loss has been all but zero for {2 * CHECK_EVERY} steps "
            f"({seen['d_loss']:.2g}): it tells every sample from an image, "
            "and G learns nothing more from it"
        ),
        _advise_a_lower_rate,
        _advise_to_augment_few,
    ),
)


def _find_largest(seen: Mapping[str, float]) -> float:
    return max(abs(seen["d_loss"]), abs(seen["g_loss"]))


class HealthMonitor:
    """Looks at a run's figures every `CHECK_EVERY` steps.

    A warning is given once, and again only if what it says was gone in
    between.

    Args:
        is_augmented: Whether the run trains with `diff_augment`, which is
            then no advice.
    """

    def __init__(self, is_augmented: bool = False):
        self._is_augmented = is_augmented
        self._num_looks = dict.fromkeys(range(len(_SIGNS)), 0)
        self._said: dict[int, TrainingWarning] = {}

    @property
    def current(self) -> tuple[TrainingWarning, ...]:
        """What was said and is still so, the worst first."""
        said = (self._said[index] for index in sorted(self._said))
        return tuple(dict.fromkeys(said))

    def look(
        self, step: int, measures: Sequence[Mapping[str, float]]
    ) -> TrainingWarning | None:
        """Looks at the last steps.

        Args:
            step: Completed steps.
            measures: Of each step since the last look: finite `d_loss` and
                `g_loss` and, where there are any, those of
                `compute_sample_statistics`.

        Returns:
            The worst of what is new; None if nothing is.
        """
        if not measures:
            return None
        # A single step's spike is no divergence.
        seen = {
            name: statistics.median(m[name] for m in measures)
            for name in measures[0]
        }
        is_short = len(measures) < _LEAST_STEPS
        found = []
        for index, sign in enumerate(_SIGNS):
            if is_short and sign.num_looks > 1:
                continue
            if not sign.is_seen(seen):
                self._num_looks[index] = 0
                self._said.pop(index, None)
                continue
            self._num_looks[index] += 1
            if self._num_looks[index] >= sign.num_looks:
                found.append(index)
        if not found or found[0] in self._said:
            return None
        sign = _SIGNS[found[0]]
        text = f"{sign.describe(seen)}; {sign.advise()}"
        if sign.advise_unaugmented is not None and not self._is_augmented:
            text += f", {sign.advise_unaugmented()}"
        warning = TrainingWarning(step, sign.kind, text)
        # Those that it brings need not be said when it ends.
        for index in found:
            self._said.setdefault(index, warning)
        return warning
