"""What the benchmarks' command lines have in common."""

import argparse
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import machine

from dcgan_tf.config import ModelConfig
from dcgan_tf.presets import PRESETS

NETWORKS = {
    "64x64, base 64": ModelConfig(base_filters=64),
    "64x64, base 128": PRESETS["paper_64"],
    "32x32, base 64": PRESETS["svhn_32"],
}
SMOKE_NETWORKS = {"16x16, base 4": ModelConfig((16, 16), base_filters=4)}


def make_parser(
    description: str | None, num_rounds: int | None = None
) -> argparse.ArgumentParser:
    """Returns a parser of the flags that every benchmark has.

    Args:
        description: The benchmark's docstring.
        num_rounds: Default of `--rounds`; None for no such flag.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", metavar="F", help="write the figures here")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny: does it still run?"
    )
    if num_rounds:
        parser.add_argument(
            "--rounds", type=int, default=num_rounds, help="of each"
        )
    return parser


def split_names(text: str, known: Collection[str]) -> list[str]:
    """Splits names by semicolons, or by commas where no name has one.

    Ends the program if one isn't known.
    """
    if ";" in text:
        names = text.split(";")
    else:
        names = [text] if text in known else text.split(",")
    names = [name.strip() for name in names]
    for name in names:
        if name not in known:
            sys.exit(f"{name!r} is not one of {'; '.join(known)}")
    return names


def write_json(path: str | None, **figures: Any) -> None:
    """Writes figures and the machine, if there is a path."""
    if path:
        record = {"machine": machine.describe(), **figures}
        Path(path).write_text(
            json.dumps(record, indent=2) + "\n", encoding="utf-8"
        )
