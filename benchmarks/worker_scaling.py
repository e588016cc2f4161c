"""Times two workers with a core each, as two machines would train together.

    python benchmarks/worker_scaling.py [--json=F] [--smoke]
    sudo python benchmarks/worker_scaling.py --links=1000,10000

One worker on a core of its own; two that never meet; two that train together,
with batch-norm statistics of all replicas and of each alone. Weak scaling
gives each worker the same batch, strong scaling halves it. With `--links`, in
Mbit/s, the two that train together also talk over a link of that speed,
between two network namespaces, which needs Linux and its administrator.
"""

import contextlib
import dataclasses
import os
import statistics
import subprocess
from collections.abc import Iterator

import command
import interleaved_timing
import machine
import scaling

from dcgan_tf.config import ModelConfig

NETWORKS = ("64x64, base 64", "64x64, base 128")
BATCH_SIZE, SMOKE_BATCH_SIZE = 64, 4
ALONE = "one worker"
APART = "two that never meet"
TOGETHER = "two that train together"
REPLICA = "the same, --batch_norm=replica"
KINDS = {TOGETHER: {}, REPLICA: {"batch_norm": "replica"}}
_NAMES = ("dcgan_a", "dcgan_b")
_ADDRESSES = ("10.99.7.1", "10.99.7.2")
_PORT = 20_000


@dataclasses.dataclass(frozen=True)
class Row:
    """What is timed.

    Attributes:
        name: In the table.
        size: Processes.
        is_connected: Whether they are one cluster.
        settings: Of training.
        link: Mbit/s between them; None within the machine.
    """

    name: str
    size: int
    is_connected: bool = False
    settings: dict = dataclasses.field(default_factory=dict)
    link: int | None = None


def list_rows(links: list[int]) -> list[Row]:
    """Lists what is timed, the links last."""
    rows = [Row(ALONE, 1), Row(APART, 2)]
    for link in (None, *links):
        over = f", over {link:,} Mbit/s" if link else ""
        rows += [
            Row(name + over, 2, True, settings, link)
            for name, settings in KINDS.items()
        ]
    return rows


@contextlib.contextmanager
def linked_namespaces() -> Iterator[None]:
    """Makes two network namespaces with a cable between them."""
    _remove_namespaces()  # Of a run that was killed.
    try:
        for name in _NAMES:
            _run("ip", "netns", "add", name)
        _run(
            "ip", "link", "add", "cable", "netns", _NAMES[0], "type", "veth",
            "peer", "name", "cable", "netns", _NAMES[1],
        )  # fmt: skip
        for name, address in zip(_NAMES, _ADDRESSES, strict=True):
            inside = ("ip", "-n", name)
            _run(*inside, "addr", "add", f"{address}/24", "dev", "cable")
            _run(*inside, "link", "set", "cable", "up")
            _run(*inside, "link", "set", "lo", "up")
        yield
    finally:
        _remove_namespaces()


def _remove_namespaces() -> None:
    for name in _NAMES:
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def set_speed(mbit: int) -> None:
    """Slows the cable down in both directions."""
    for name in _NAMES:
        _run(
            "tc", "-n", name, "qdisc", "replace", "dev", "cable", "root",
            "tbf", "rate", f"{mbit}mbit", "burst", "256kb", "latency", "50ms",
        )  # fmt: skip


def _run(*arguments: str) -> None:
    result = subprocess.run(arguments, capture_output=True, text=True)
    if result.returncode:
        raise OSError(f"{' '.join(arguments)}: {result.stderr.strip()}")


def build_team(
    row: Row, number: int, arguments: dict, batch_size: int
) -> scaling.Team:
    """Starts a row's processes, each on a core of its own."""
    cores = sorted(os.sched_getaffinity(0))
    prefixes = [["taskset", "-c", str(core)] for core in cores[: row.size]]
    addresses = None
    if row.link:
        # Workers of an earlier row may still hold theirs.
        addresses = [f"{host}:{_PORT + number}" for host in _ADDRESSES]
        prefixes = [
            ["ip", "netns", "exec", name, *prefix]
            for name, prefix in zip(_NAMES, prefixes, strict=True)
        ]
    return scaling.Team(
        row.size,
        "step",
        row.is_connected,
        {**arguments, "settings": row.settings},
        batch_size,
        addresses,
        prefixes,
    )


def measure(
    config: ModelConfig,
    rows: list[Row],
    batch_sizes: dict[str, int],
    precision: str,
    num_rounds: int,
) -> dict[str, list[float]]:
    """Returns each row's seconds a step, one for each round, in turn."""
    arguments = {"model": dataclasses.asdict(config), "precision": precision}
    teams: dict[str, tuple[Row, scaling.Team]] = {}
    seconds: dict[str, list[float]] = {row.name: [] for row in rows}
    counts = {}
    try:
        for number, row in enumerate(rows):
            team = build_team(row, number, arguments, batch_sizes[row.name])
            teams[row.name] = row, team
            if row.link:
                set_speed(row.link)
            team.wait()
            team.run(interleaved_timing.WARM_UP_STEPS)
            counts[row.name] = max(
                1, round(interleaved_timing.ROUND_SECONDS / team.run(1))
            )
        for _ in range(num_rounds):
            for name, (row, team) in teams.items():
                if row.link:
                    set_speed(row.link)
                seconds[name].append(team.run(counts[name]))
    finally:
        for _, team in teams.values():
            team.close()
    return seconds


def format_table(
    seconds: dict[str, list[float]], batch_sizes: dict[str, int]
) -> str:
    """Formats rates, the last column beside two that never meet."""
    medians = {name: statistics.median(x) for name, x in seconds.items()}
    lines = [
        "| what | ms/step | spread | images/s | of two that never meet |",
        "|---|--:|--:|--:|--:|",
    ]
    best = batch_sizes[APART] / medians[APART]
    for name, rounds in seconds.items():
        spread = (max(rounds) - min(rounds)) / medians[name]
        rate = batch_sizes[name] / medians[name]
        lines.append(
            f"| {name} | {1000 * medians[name]:.0f} | {spread:.0%} "
            f"| {rate:.1f} | {rate / best:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=5)
    parser.add_argument(
        "--precision", choices=command.PRECISIONS, default="mixed_bfloat16"
    )
    parser.add_argument(
        "--links",
        type=command.wholes(1),
        default=(),
        help="Mbit/s, as 1000,10000",
    )
    parser.add_argument(
        "--networks",
        type=command.names_of(command.NETWORKS),
        default=";".join(NETWORKS),
        help="with semicolons between",
    )
    parser.add_argument(
        "--scaling",
        type=command.names_of(("weak", "strong")),
        default="weak,strong",
    )
    values = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        raise OSError("two workers need two cores, and this process has one")
    networks = {name: command.NETWORKS[name] for name in values.networks}
    num_rounds, batch_size = values.rounds, BATCH_SIZE
    if values.smoke:
        networks, num_rounds = command.SMOKE_NETWORKS, 1
        batch_size = SMOKE_BATCH_SIZE
    rows = list_rows(values.links)
    if values.smoke:
        rows = [row for row in rows if row.name in (APART, REPLICA)]
    print(f"{machine.describe()}; {num_rounds} rounds, a core each.")
    figures = {}
    with linked_namespaces() if values.links else contextlib.nullcontext():
        for name, config in networks.items():
            for kind in values.scaling:
                # Of all workers together.
                per_worker = batch_size if kind == "weak" else batch_size // 2
                batch_sizes = {row.name: per_worker * row.size for row in rows}
                if kind == "strong" and ALONE in batch_sizes:
                    batch_sizes[ALONE] = batch_size
                seconds = measure(
                    config, rows, batch_sizes, values.precision, num_rounds
                )
                print(
                    f"\n{name}, {values.precision}, {kind} scaling: "
                    f"{per_worker} images a step of each of two\n"
                )
                print(format_table(seconds, batch_sizes), flush=True)
                figures[f"{name}, {kind}"] = seconds
    command.write_json(values.json, seconds=figures)


if __name__ == "__main__":
    command.run(main)
