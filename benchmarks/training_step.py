"""Times one training step beside what else one would use.

    python benchmarks/training_step.py [--json=F] [--smoke]
    python benchmarks/training_step.py --device=gpu

The same network, batch and precision for: this project, PyTorch's DCGAN
example (channels-last), Keras's (`fit` with a `train_step`) and TensorFlow's
tutorial. Prints medians over alternating rounds, ratios, peak memory, and the
share of the machine's own limit that the convolutions reach: of its best
bfloat16 rate, and of its best rate in the table's own number format.

On a GPU: this project with XLA off and on beside PyTorch, in both 16-bit
formats and float32. Memory is the host's there.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence

import command
import interleaved_timing
import machine
import work

from dcgan_tf.config import ModelConfig

# Precision -> the format that its convolutions compute in.
PRECISIONS = {
    "mixed_bfloat16": "bfloat16",
    "mixed_float16": "float16",
    "float32": "float32",
}
DEFAULT_PRECISIONS = {
    "cpu": ("mixed_bfloat16", "float32"),
    "gpu": tuple(PRECISIONS),
}
PROJECT = "dcgan_tf"
_TORCH = ("PyTorch example, channels-last", "pytorch", work.PYTORCH_EXAMPLE)


@dataclasses.dataclass(frozen=True)
class Peer:
    """What is timed.

    Attributes:
        name: In the table.
        module: In `peers`.
        passes: That it makes.
        arguments: Of the module's `build`, besides the network's.
    """

    name: str
    module: str
    passes: work.Step
    arguments: Mapping[str, bool] = dataclasses.field(default_factory=dict)


PEERS = {
    "cpu": (
        Peer(PROJECT, "project", work.ONE_FAKE_PASS),
        Peer(*_TORCH),
        Peer("Keras example, fit", "keras_fit", work.KERAS_EXAMPLE),
        Peer("TensorFlow tutorial", "tutorial", work.ONE_FAKE_PASS),
    ),
    "gpu": (
        Peer(PROJECT, "project", work.ONE_FAKE_PASS),
        Peer("dcgan_tf, XLA", "project", work.ONE_FAKE_PASS, {"xla": True}),
        Peer(*_TORCH),
    ),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        contestant: The name of the peer, under the key that JSON files of
            these figures have had from the start.
        images_per_second: Of its median round.
        spread: (slowest - fastest round) / median.
        project_ratio: The project's images per second over its own.
        peak_bytes: The process's largest resident memory.
        operations: Convolutions' multiplications and additions in a step.
        limit_share: Of the machine's best bfloat16 rate.
        own_limit_share: Of its best rate in the precision's own format.
    """

    contestant: str
    images_per_second: float
    spread: float
    project_ratio: float
    peak_bytes: int
    operations: int
    limit_share: float
    own_limit_share: float


def measure_limit(dtype: str, num_rounds: int, is_smoke: bool) -> float:
    """Returns the best rate of a large operation, per second."""
    batch_size, matrix_side = (4, 256) if is_smoke else (128, 4096)
    # The paper's largest layer, which most arithmetic falls to, and its
    # widest maps, which kernels like best: side, inputs, filters.
    convolutions = [(8, 512, 1024), (32, 64, 128)]
    if is_smoke:
        convolutions = [(8, 16, 32)]
    shapes = {"matrix product": ([matrix_side] * 2, [matrix_side] * 2)}
    operations = {"matrix product": 2 * matrix_side**3}
    for side, inputs, filters in convolutions:
        name = f"convolution of {side}x{side}"
        shapes[name] = (
            [batch_size, side, side, inputs],
            [5, 5, inputs, filters],
        )
        operations[name] = batch_size * work.count_convolution_operations(
            (side, side), inputs, filters, kernel_size=5, stride=2
        )
    timings = interleaved_timing.time_interleaved(
        {
            name: ("operation", {"left": left, "right": right, "dtype": dtype})
            for name, (left, right) in shapes.items()
        },
        num_rounds,
        round_seconds=0.0 if is_smoke else 0.5,
    )
    return max(
        operations[name] / min(timing.seconds_per_step)
        for name, timing in timings.items()
    )


def measure_network(
    config: ModelConfig,
    precision: str,
    batch_size: int,
    num_rounds: int,
    limits: Mapping[str, float],
    peers: Sequence[Peer],
    round_seconds: float = interleaved_timing.ROUND_SECONDS,
) -> list[Row]:
    """Times every peer on one network in one precision."""
    arguments = {
        "model": dataclasses.asdict(config),
        "batch_size": batch_size,
        "precision": precision,
    }
    timings = interleaved_timing.time_interleaved(
        {
            peer.name: (peer.module, {**arguments, **peer.arguments})
            for peer in peers
        },
        num_rounds,
        round_seconds,
    )
    passes = {peer.name: peer.passes for peer in peers}
    rows = []
    for name, timing in timings.items():
        operations = work.count_step_operations(
            config, batch_size, passes[name]
        )
        rate = operations / timing.median
        rows.append(
            Row(
                contestant=name,
                images_per_second=batch_size / timing.median,
                spread=timing.spread,
                project_ratio=timing.median / timings[PROJECT].median,
                peak_bytes=timing.peak_bytes,
                operations=operations,
                limit_share=rate / limits["bfloat16"],
                own_limit_share=rate / limits[PRECISIONS[precision]],
            )
        )
    return rows


def format_table(title: str, dtype: str, rows: list[Row]) -> str:
    """Writes rows as a Markdown table under a heading."""
    # The limit that all formats are compared by, and the format's own.
    limits = ["bfloat16", *([dtype] if dtype != "bfloat16" else [])]
    lines = [
        f"### {title}",
        "",
        "| step | images/s | spread | dcgan_tf is | peak memory | GFLOP/step "
        + "".join(f"| of {name}'s limit " for name in limits)
        + "|",
        "|---|" + "--:|" * (5 + len(limits)),
    ]
    for row in rows:
        shares = [row.limit_share, row.own_limit_share][: len(limits)]
        lines.append(
            f"| {row.contestant} | {row.images_per_second:.1f} "
            f"| {row.spread:.0%} | {row.project_ratio:.2f}x "
            f"| {row.peak_bytes / 2**30:.1f} GB "
            f"| {row.operations / 1e9:,.0f} "
            + "".join(f"| {share:.0%} " for share in shares)
            + "|"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=5)
    parser.add_argument(
        "--networks",
        type=command.names_of(command.NETWORKS),
        default=";".join(command.NETWORKS),
        help=f"some of {'; '.join(command.NETWORKS)}, with semicolons between",
    )
    parser.add_argument(
        "--precisions",
        type=command.names_of(PRECISIONS),
        help=f"some of {', '.join(PRECISIONS)}, with commas between",
    )
    parser.add_argument("--device", choices=tuple(PEERS), default="cpu")
    values = parser.parse_args()
    networks: Mapping[str, ModelConfig] = {
        name: command.NETWORKS[name] for name in values.networks
    }
    precisions = DEFAULT_PRECISIONS[values.device]
    if values.precisions:
        precisions = values.precisions
    batch_size, num_rounds = 128, values.rounds
    round_seconds = interleaved_timing.ROUND_SECONDS
    if values.smoke:
        networks, precisions = command.SMOKE_NETWORKS, precisions[:1]
        batch_size, num_rounds, round_seconds = 4, 1, 0.0
    if values.device == "gpu":
        _check_for_gpu()
    os.environ["BENCHMARK_DEVICE"] = values.device  # For the peers' processes.

    dtypes = {"bfloat16", *(PRECISIONS[name] for name in precisions)}
    limits = {
        dtype: measure_limit(dtype, num_rounds, values.smoke)
        for dtype in sorted(dtypes)
    }
    listed = ", ".join(
        f"{x / 1e9:,.0f} in {name}" for name, x in limits.items()
    )
    print(
        f"{machine.describe(values.device)}; batch {batch_size}, {num_rounds} "
        f"rounds. Limit in GFLOP/s: {listed}.\n"
    )
    tables = {}
    for name, config in networks.items():
        for precision in precisions:
            rows = measure_network(
                config,
                precision,
                batch_size,
                num_rounds,
                limits,
                PEERS[values.device],
                round_seconds,
            )
            title = f"{name}, {precision}"
            print(format_table(title, PRECISIONS[precision], rows), flush=True)
            tables[title] = [dataclasses.asdict(r) for r in rows]
    command.write_json(
        values.json, limit=limits["bfloat16"], limits=limits, tables=tables
    )


def _check_for_gpu() -> None:
    """Ends with a line where no GPU is, rather than time the processor."""
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        raise OSError("TensorFlow finds no GPU here")


if __name__ == "__main__":
    command.run(main)
