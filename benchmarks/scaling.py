"""Times one worker and two on one machine, and finds the difference.

    python benchmarks/scaling.py [--json=F] [--smoke]

The same global batch: one process with all cores; two that train together;
and, to see where the difference goes, two that train half a batch each and
never meet (with the project's batch norm, and with Keras's, which several
workers need to synchronise), and two that only do a step's all-reduces. All
alternate; all processes of a row run at once.
"""

import concurrent.futures
import dataclasses
import socket
import statistics
from collections.abc import Mapping, Sequence

import command
import interleaved_timing
import machine

from dcgan_tf.config import ModelConfig

NETWORK = "32x32, base 64"
ONE = "one worker"
HALVES = "two halves that never meet"
KERAS_NORM = "the same, Keras's batch norm"
TOGETHER = "two workers"
COLLECTIVES = "a step's all-reduces alone"
# Name -> processes, the part of a step, whether they are connected.
ROWS = {
    ONE: (1, "step", False),
    HALVES: (2, "step", False),
    KERAS_NORM: (2, "keras_norm", False),
    TOGETHER: (2, "step", True),
    COLLECTIVES: (2, "collectives", True),
}
# Those that never meet do so alone.
SMOKE_ROWS = {
    name: (2 if is_connected else 1, part, is_connected)
    for name, (_, part, is_connected) in ROWS.items()
}


class Team:
    """Processes that run their steps at the same time.

    Args:
        size: How many.
        part: What each does.
        is_connected: Whether they are one cluster.
        arguments: For each `build`, its batch size apart.
        batch_size: Of all together.
        addresses: Of a cluster's workers; None for free ones of this machine.
        prefixes: Of each process's command.
    """

    def __init__(
        self,
        size: int,
        part: str,
        is_connected: bool,
        arguments: dict,
        batch_size: int,
        addresses: list[str] | None = None,
        prefixes: Sequence[Sequence[str]] | None = None,
    ):
        if addresses is None:
            addresses = find_addresses(size) if is_connected else []
        self._workers = [
            interleaved_timing.Worker(
                "worker_of_several",
                {
                    **arguments,
                    "batch_size": batch_size // size,
                    "part": part,
                    "addresses": addresses,
                    "index": index,
                },
                prefixes[index] if prefixes else (),
            )
            for index in range(size)
        ]
        self._threads = concurrent.futures.ThreadPoolExecutor(size)

    def wait(self) -> None:
        """Returns once all are built."""
        list(
            self._threads.map(
                interleaved_timing.Worker.find_missing, self._workers
            )
        )

    def run(self, num_steps: int) -> float:
        """Returns the seconds a step of the slowest."""
        answers = self._threads.map(
            lambda worker: worker.run(num_steps), self._workers
        )
        return max(answer["seconds"] for answer in answers) / num_steps

    def close(self) -> None:
        # Together, since connected ones wait for each other.
        list(self._threads.map(interleaved_timing.Worker.close, self._workers))


def find_addresses(count: int) -> list[str]:
    """Returns free addresses of this machine."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return addresses


def measure(
    config: ModelConfig,
    batch_size: int,
    precision: str,
    num_rounds: int,
    round_seconds: float = interleaved_timing.ROUND_SECONDS,
    rows: Mapping[str, tuple[int, str, bool]] = ROWS,
) -> dict[str, list[float]]:
    """Returns each row's seconds a step, one for each round."""
    arguments = {"model": dataclasses.asdict(config), "precision": precision}
    teams: dict[str, Team] = {}
    try:
        for name, row in rows.items():
            teams[name] = Team(*row, arguments, batch_size)
            # One at a time: many would starve each other's heartbeats.
            teams[name].wait()
        counts = {}
        for name, team in teams.items():
            team.run(interleaved_timing.WARM_UP_STEPS)
            counts[name] = max(1, round(round_seconds / team.run(1)))
        seconds = {name: [] for name in teams}
        for _ in range(num_rounds):
            for name, team in teams.items():
                seconds[name].append(team.run(counts[name]))
    finally:
        for team in teams.values():
            team.close()
    return seconds


def format_table(seconds: dict[str, list[float]], batch_size: int) -> str:
    """Returns the rows, and the sum that leads from the first to the last."""
    medians = {name: statistics.median(x) for name, x in seconds.items()}
    lines = [
        "| what | ms/step | spread | images/s |",
        "|---|--:|--:|--:|",
    ]
    for name, rounds in seconds.items():
        spread = (max(rounds) - min(rounds)) / medians[name]
        rate = (
            "" if name == COLLECTIVES else f"{batch_size / medians[name]:.0f}"
        )
        lines.append(
            f"| {name} | {1000 * medians[name]:.1f} | {spread:.0%} | {rate} |"
        )
    parts = {
        "one worker's step": medians[ONE],
        "two processes, half a batch each": medians[HALVES] - medians[ONE],
        "a batch norm that synchronises": medians[KERAS_NORM] - medians[HALVES],
        "all-reduces": medians[COLLECTIVES],
        "waiting for each other, and the rest": medians[TOGETHER]
        - medians[KERAS_NORM]
        - medians[COLLECTIVES],
    }
    lines += ["", "| two workers' step | ms | fraction |", "|---|--:|--:|"]
    for name, part in parts.items():
        fraction = part / medians[TOGETHER]
        lines.append(f"| {name} | {1000 * part:+.1f} | {fraction:.0%} |")
    return "\n".join(lines)


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=5)
    parser.add_argument(
        "--batch_size", type=command.whole(2), default=128, help="global"
    )
    parser.add_argument(
        "--precision", choices=command.PRECISIONS, default="float32"
    )
    values = parser.parse_args()
    networks = {NETWORK: command.NETWORKS[NETWORK]}
    num_rounds, batch_size = values.rounds, values.batch_size
    round_seconds, rows = interleaved_timing.ROUND_SECONDS, ROWS
    if values.smoke:
        networks, num_rounds, batch_size = command.SMOKE_NETWORKS, 1, 4
        round_seconds, rows = 0.0, SMOKE_ROWS
    print(f"{machine.describe()}; {num_rounds} rounds.")
    figures = {}
    for name, config in networks.items():
        seconds = measure(
            config,
            batch_size,
            values.precision,
            num_rounds,
            round_seconds,
            rows,
        )
        print(f"\n{name}, batch {batch_size}, {values.precision}\n")
        print(format_table(seconds, batch_size))
        figures[name] = seconds
    command.write_json(values.json, seconds=figures)


if __name__ == "__main__":
    command.run(main)
