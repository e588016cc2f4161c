"""Times one training step beside what else one would use.

    python benchmarks/training_step.py [--json=F] [--smoke]

The same network, batch and precision for: this project, PyTorch's DCGAN
example (channels-last), Keras's (`fit` with a `train_step`) and TensorFlow's
tutorial. Prints medians over alternating rounds, ratios, peak memory, and the
share of the machine's own limit that the convolutions reach.
"""

import dataclasses
from collections.abc import Mapping

import command
import interleaved_timing
import machine
import work

from dcgan_tf.config import ModelConfig

PRECISIONS = ("mixed_bfloat16", "float32")
PROJECT = "dcgan_tf"
# Name -> its module and the passes that it makes.
PEERS = {
    PROJECT: ("project", work.ONE_FAKE_PASS),
    "PyTorch example, channels-last": ("pytorch", work.PYTORCH_EXAMPLE),
    "Keras example, fit": ("keras_fit", work.KERAS_EXAMPLE),
    "TensorFlow tutorial": ("tutorial", work.ONE_FAKE_PASS),
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
    """

    contestant: str
    images_per_second: float
    spread: float
    project_ratio: float
    peak_bytes: int
    operations: int
    limit_share: float


def measure_limit(num_rounds: int, is_smoke: bool) -> float:
    """Returns the best rate of a bfloat16 operation, per second."""
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
            name: ("operation", {"left": left, "right": right})
            for name, (left, right) in shapes.items()
        },
        num_rounds,
        round_seconds=0.5,
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
    limit: float,
) -> list[Row]:
    """Times every peer on one network in one precision."""
    arguments = {
        "model": dataclasses.asdict(config),
        "batch_size": batch_size,
        "precision": precision,
    }
    timings = interleaved_timing.time_interleaved(
        {name: (module, arguments) for name, (module, _) in PEERS.items()},
        num_rounds,
    )
    rows = []
    for name, timing in timings.items():
        operations = work.count_step_operations(
            config, batch_size, PEERS[name][1]
        )
        rows.append(
            Row(
                contestant=name,
                images_per_second=batch_size / timing.median,
                spread=timing.spread,
                project_ratio=timing.median / timings[PROJECT].median,
                peak_bytes=timing.peak_bytes,
                operations=operations,
                limit_share=operations / timing.median / limit,
            )
        )
    return rows


def format_table(title: str, rows: list[Row]) -> str:
    """Writes rows as a Markdown table under a heading."""
    lines = [
        f"### {title}",
        "",
        "| step | images/s | spread | dcgan_tf is | peak memory | GFLOP/step "
        "| of the limit |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        lines.append(
            f"| {row.contestant} | {row.images_per_second:.1f} "
            f"| {row.spread:.0%} | {row.project_ratio:.2f}x "
            f"| {row.peak_bytes / 2**30:.1f} GB "
            f"| {row.operations / 1e9:,.0f} | {row.limit_share:.0%} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=5)
    parser.add_argument(
        "--networks",
        default=";".join(command.NETWORKS),
        help=f"some of {'; '.join(command.NETWORKS)}, with semicolons between",
    )
    parser.add_argument(
        "--precisions",
        default=",".join(PRECISIONS),
        help=f"some of {', '.join(PRECISIONS)}, with commas between",
    )
    values = parser.parse_args()
    networks: Mapping[str, ModelConfig] = {
        name: command.NETWORKS[name] for name in values.networks.split(";")
    }
    precisions = values.precisions.split(",")
    batch_size, num_rounds = 128, values.rounds
    if values.smoke:
        networks, precisions = command.SMOKE_NETWORKS, PRECISIONS[:1]
        batch_size, num_rounds = 4, 1

    limit = measure_limit(num_rounds, values.smoke)
    print(
        f"{machine.describe()}; batch {batch_size}, {num_rounds} rounds. "
        f"Limit: {limit / 1e9:,.0f} GFLOP/s in bfloat16.\n"
    )
    tables = {}
    for name, config in networks.items():
        for precision in precisions:
            rows = measure_network(
                config, precision, batch_size, num_rounds, limit
            )
            title = f"{name}, {precision}"
            print(format_table(title, rows), flush=True)
            tables[title] = [dataclasses.asdict(r) for r in rows]
    command.write_json(values.json, limit=limit, tables=tables)


if __name__ == "__main__":
    main()
