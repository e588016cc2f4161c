"""Timing in alternating rounds, so that all peers meet the same machine.

Frameworks' thread pools fight within a process and their peak memory adds
up, so each peer has its own process; and clock speeds and neighbours
drift over minutes, so they run in short rounds rather than one by one.
"""

import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# A round is long enough for a clock and short enough to alternate often.
ROUND_SECONDS = 2.0
WARM_UP_STEPS = 2


class Worker:
    """A peer's process.

    Args:
        module: Its module in `peers`.
        arguments: For its `build`, such as JSON can hold.
        prefix: A command that runs the process, such as `taskset -c 0`.
    """

    def __init__(
        self,
        module: str,
        arguments: Mapping[str, Any],
        prefix: Sequence[str] = (),
    ):
        self._process = subprocess.Popen(
            [
                *prefix,
                sys.executable,
                "-m",
                "peers.worker",
                module,
                json.dumps(arguments),
            ],
            cwd=Path(__file__).parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def find_missing(self) -> str | None:
        """Waits until it is built; returns the library it can't import."""
        return self._read().get("missing")

    def run(self, num_steps: int) -> dict[str, float]:
        """Returns the `seconds` for these steps and `peak_bytes` so far."""
        self._process.stdin.write(f"{num_steps}\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"a peer died with exit code {self._process.wait()}"
            )
        return json.loads(line)


@dataclasses.dataclass(frozen=True)
class Timing:
    """What a peer's rounds gave.

    Attributes:
        seconds_per_step: One for each round.
        peak_bytes: The process's largest resident memory.
    """

    seconds_per_step: tuple[float, ...]
    peak_bytes: int

    @property
    def median(self) -> float:
        return statistics.median(self.seconds_per_step)

    @property
    def spread(self) -> float:
        """(slowest - fastest round) / median."""
        rounds = self.seconds_per_step
        return (max(rounds) - min(rounds)) / self.median


def time_interleaved(
    peers: Mapping[str, tuple[str, Mapping[str, Any]]],
    num_rounds: int,
    round_seconds: float = ROUND_SECONDS,
) -> dict[str, Timing]:
    """Times peers in alternating rounds.

    Args:
        peers: Name to `Worker` arguments. One whose library isn't
            installed is left out, with a line on standard error.
        num_rounds: Rounds of each, after a warm-up.
        round_seconds: About how long a round takes; a step at least, and
            just that where it is 0.

    Returns:
        Name to timing, in the order given.
    """
    workers: dict[str, Worker] = {}
    try:
        for name, (module, arguments) in peers.items():
            workers[name] = Worker(module, arguments)
        for name, worker in list(workers.items()):
            if missing := worker.find_missing():
                print(
                    f"{name} is left out: {missing} is not installed (see "
                    "benchmarks/README.md)",
                    file=sys.stderr,
                )
                workers.pop(name).close()
        counts = {}
        for name, worker in workers.items():
            worker.run(WARM_UP_STEPS)
            seconds = worker.run(1)["seconds"]
            counts[name] = max(1, round(round_seconds / seconds))
        seconds_per_step = {name: [] for name in workers}
        peaks = {}
        for number in range(num_rounds):
            for name in _rotate(list(workers), number):
                answer = workers[name].run(counts[name])
                seconds_per_step[name].append(answer["seconds"] / counts[name])
                peaks[name] = answer["peak_bytes"]
    finally:
        for worker in workers.values():
            worker.close()
    return {
        name: Timing(tuple(seconds_per_step[name]), peaks[name])
        for name in workers
    }


def _rotate(names: Sequence[str], number: int) -> list[str]:
    """A different one first each round: its caches are the coldest."""
    first = number % len(names) if names else 0
    return [*names[first:], *names[:first]]
