"""Times each family's training step beside the same one of Keras's layers.

    python benchmarks/family_step.py [--rounds=5] [--json=F] [--smoke]

The networks, losses, optimizer and batch are the same; convolutions, batch
norm and dropout are this project's in one process and `keras.layers`' in the
other, which take turns.
"""

import statistics

import command
import interleaved_timing
import machine

_LAPGAN = {"family": "lapgan", "base_filters": 32, "image_size": (32, 32)}
STEPS = {
    "dcgan, digits": {"dataset": "mnist_5k", "image_size": (32, 32)},
    "gan, digits at 28x28": {
        "family": "gan", "dataset": "mnist_5k", "image_size": (28, 28),
    },
    "lapgan, 32 filters, digits": {**_LAPGAN, "dataset": "mnist_5k"},
    "lapgan, 32 filters, RGB": {**_LAPGAN, "dataset": "toy_faces"},
    "lapgan, 128 filters, RGB": {
        **_LAPGAN, "dataset": "toy_faces", "base_filters": 128,
    },
}  # fmt: skip
PROJECT, PLAIN = "dcgan_tf", "Keras's layers"


def measure(name: str, values) -> dict:
    """Returns a family's images a second with both kinds of layers."""
    settings = STEPS[name]
    round_seconds = interleaved_timing.ROUND_SECONDS
    if values.smoke:
        round_seconds = 0.0
        settings = {**settings, "image_size": (16, 16), "batch_size": 4}
        tiny = "hidden_units" if settings.get("family") == "gan" else None
        settings[tiny or "base_filters"] = 10 if tiny else 2
    arguments = {"settings": settings}
    timings = interleaved_timing.time_interleaved(
        {
            PROJECT: ("family", arguments),
            PLAIN: ("family", {**arguments, "plain": True}),
        },
        values.rounds,
        round_seconds,
    )
    own, plain = timings[PROJECT], timings[PLAIN]
    ratios = [
        theirs / ours
        for ours, theirs in zip(
            own.seconds_per_step, plain.seconds_per_step, strict=True
        )
    ]
    return {
        "step": name,
        "milliseconds": 1e3 * own.median,
        "plain_milliseconds": 1e3 * plain.median,
        "ratio": statistics.median(ratios),
        "least_ratio": min(ratios),
        "most_ratio": max(ratios),
    }


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=5)
    parser.add_argument(
        "--steps",
        type=command.names_of(STEPS),
        default=";".join(STEPS),
        help=f"some of {'; '.join(STEPS)}, with semicolons between",
    )
    values = parser.parse_args()
    if values.smoke:
        values.rounds = 1
    print(
        f"{machine.describe()}; {values.rounds} rounds\n\n"
        "| step | milliseconds | of Keras's layers | dcgan_tf is | rounds |\n"
        "|---|--:|--:|--:|--:|"
    )
    rows = []
    for name in values.steps:
        row = measure(name, values)
        print(
            f"| {name} | {row['milliseconds']:.1f} "
            f"| {row['plain_milliseconds']:.1f} | {row['ratio']:.2f}x "
            f"| {row['least_ratio']:.2f} to {row['most_ratio']:.2f} |",
            flush=True,
        )
        rows.append(row)
    command.write_json(values.json, rows=rows)


if __name__ == "__main__":
    command.run(main)
