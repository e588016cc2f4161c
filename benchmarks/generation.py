"""Times the exported generator beside PyTorch's.

    python benchmarks/generation.py [--json=F] [--smoke]

The SavedModel's `serving_default` signature and the same network in PyTorch
(channels-last, evaluation mode), both float32, from latents to images in
memory.
"""

import argparse
import dataclasses
import json

import machine
import turns

from dcgan_tf.config import ModelConfig
from dcgan_tf.presets import PRESETS

NETWORKS = {
    "64x64, base 128": PRESETS["paper_64"],
    "32x32, base 64": PRESETS["svhn_32"],
}
SMOKE_NETWORKS = {"16x16, base 4": ModelConfig((16, 16), base_filters=4)}
BATCH_SIZES = (1, 16, 128)
CONTESTANTS = {
    "dcgan_tf's SavedModel": "export",
    "PyTorch": "pytorch_generator",
}


def measure(
    config: ModelConfig, batch_size: int, num_rounds: int
) -> dict[str, turns.Timing]:
    """Times each contestant's batches, in turns."""
    arguments = {"model": dataclasses.asdict(config), "batch_size": batch_size}
    return turns.time_in_turns(
        {name: (module, arguments) for name, module in CONTESTANTS.items()},
        num_rounds,
        round_seconds=1.0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", metavar="F", help="write the figures here")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny: does it still run?"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each")
    values = parser.parse_args()
    networks, batch_sizes = NETWORKS, BATCH_SIZES
    num_rounds = values.rounds
    if values.smoke:
        networks, batch_sizes, num_rounds = SMOKE_NETWORKS, (2,), 1

    print(f"{machine.describe()}; {num_rounds} rounds.\n")
    print("| network | batch | generator | images/s | spread | ms/batch |")
    print("|---|--:|---|--:|--:|--:|")
    figures = []
    for network, config in networks.items():
        for batch_size in batch_sizes:
            timings = measure(config, batch_size, num_rounds)
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
    if values.json:
        with open(values.json, "w") as file:
            record = {"machine": machine.describe(), "figures": figures}
            json.dump(record, file, indent=2)


if __name__ == "__main__":
    main()
