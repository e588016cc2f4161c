"""What a step of each choice costs on this machine."""

import json
import os
import statistics
import sys
import time
from pathlib import Path

from peers import project

from comparisons.recipe_choices import make_settings
from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.recipes import PAPER
from dcgan_tf.training.state import build_training_state

# A gradient penalty's steps, whole.
_STEPS_A_ROUND = 16


class TimedStep:
    """A choice's training step on one batch of noise."""

    def __init__(self, settings: dict):
        config = resolve_run_config(settings)
        self._batch_size = config.training.batch_size
        precision = resolve_precision(config.training.precision, 1)
        self._run = project.make_run(
            config, build_training_state(config, precision)
        )
        self.time()

    def time(self) -> float:
        """Returns the seconds an image, all cores at work."""
        start = time.process_time()
        self._run(_STEPS_A_ROUND)
        cores = len(os.sched_getaffinity(0))
        seconds = (time.process_time() - start) / cores
        return seconds / (_STEPS_A_ROUND * self._batch_size)


def time_choices(values, names, path: Path) -> dict[str, float]:
    """Returns seconds an image of each choice, those timed before kept.

    The paper's step is timed in turn with each, and the medians' ratio, times
    what the paper's took the first time, is what counts.
    """
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    paper = None
    for name in (PAPER, *names):
        if name in kept:
            continue
        paper = paper or TimedStep(make_settings(values, PAPER))
        other = paper
        if name != PAPER:
            other = TimedStep(make_settings(values, name))
        rounds = [(paper.time(), other.time()) for _ in range(values.rounds)]
        base, own = (statistics.median(x) for x in zip(*rounds, strict=True))
        kept[name] = kept.get(PAPER, base) * own / base
        path.write_text(json.dumps(kept, indent=2), encoding="utf-8")
        cost = kept[name] / kept[PAPER]
        print(f"{name}: {cost:.2f} of {PAPER}'s cost", file=sys.stderr)
    return kept
