"""Times the exported generator beside PyTorch's.

    python benchmarks/generation.py [--json=F] [--smoke]

The SavedModel's `serving_default` signature and the same network in PyTorch
(channels-last, evaluation mode), both float32, from latents to images in
memory; and a signature that computes nothing, which is TensorFlow's own part
of a call.
"""

import dataclasses

import command
import interleaved_timing
import machine

from dcgan_tf.config import ModelConfig

NETWORKS = ("64x64, base 128", "32x32, base 64")
BATCH_SIZES = (1, 16, 128)
PEERS = {
    "dcgan_tf's SavedModel": "export",
    "PyTorch": "pytorch_generator",
    "an empty signature": "empty_signature",
}


def measure(
    config: ModelConfig, batch_size: int, num_rounds: int, round_seconds: float
) -> dict[str, interleaved_timing.Timing]:
    """Times each peer's batches in alternating rounds."""
    arguments = {"model": dataclasses.asdict(config), "batch_size": batch_size}
    return interleaved_timing.time_interleaved(
        {name: (module, arguments) for name, module in PEERS.items()},
        num_rounds,
        round_seconds,
    )


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=5)
    values = parser.parse_args()
    networks = {name: command.NETWORKS[name] for name in NETWORKS}
    batch_sizes = BATCH_SIZES
    num_rounds, round_seconds = values.rounds, 1.0
    if values.smoke:
        networks, batch_sizes = command.SMOKE_NETWORKS, (2,)
        num_rounds, round_seconds = 1, 0.0

    print(f"{machine.describe()}; {num_rounds} rounds.\n")
    print("| network | batch | generator | images/s | spread | ms/batch |")
    print("|---|--:|---|--:|--:|--:|")
    figures = []
    for network, config in networks.items():
        for batch_size in batch_sizes:
            timings = measure(config, batch_size, num_rounds, round_seconds)
            for name, timing in timings.items():
                rate = batch_size / timing.median
                print(
                    f"| {network} | {batch_size} | {name} | {rate:,.0f} "
                    f"| {timing.spread:.0%} | {1e3 * timing.median:,.1f} |",
                    flush=True,
                )
                figures.append(
                    {
                        "network": network,
                        "batch_size": batch_size,
                        "generator": name,
                        "images_per_second": rate,
                        **dataclasses.asdict(timing),
                    }
                )
    command.write_json(values.json, figures=figures)


if __name__ == "__main__":
    command.run(main)
