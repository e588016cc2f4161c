"""What the benchmarks' command lines have in common."""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import machine

from dcgan_tf.config import EMBEDDED, DataConfig, ModelConfig
from dcgan_tf.presets import PRESETS

NETWORKS = {
    "64x64, base 64": ModelConfig(base_filters=64),
    "64x64, base 128": PRESETS["paper_64"],
    "32x32, base 64": PRESETS["svhn_32"],
}
SMOKE_NETWORKS = {"16x16, base 4": ModelConfig((16, 16), base_filters=4)}
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a flag in one line, as the commands do."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def make_parser(
    description: str | None, num_rounds: int | None = None
) -> argparse.ArgumentParser:
    """Returns a parser of the flags that every benchmark has.

    Args:
        description: The benchmark's docstring.
        num_rounds: Default of `--rounds`; None for no such flag.
    """
    parser = Parser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--json", metavar="F", type=output_file, help="write the figures here"
    )
    parser.add_argument(
        "--smoke", action="store_true", help="tiny: does it still run?"
    )
    if num_rounds:
        parser.add_argument(
            "--rounds", type=whole(1), default=num_rounds, help="of each"
        )
    return parser


def whole(least: int) -> Callable[[str], int]:
    """Makes a flag's type: whole numbers from `least` on."""

    def parse(text: str) -> int:
        # `int` takes 1_000 and digits of other scripts as well.
        if not text.strip().lstrip("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {least} on"
            )
        return int(text)

    return parse


def number(least: float) -> Callable[[str], float]:
    """Makes a flag's type: finite numbers from `least` on."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= least):
            raise argparse.ArgumentTypeError(
                f"{text!r} is no number from {least:g} on"
            )
        return value

    return parse


def wholes(least: int) -> Callable[[str], list[int]]:
    """Makes a flag's type: different whole numbers, commas between."""

    def parse(text: str) -> list[int]:
        values = [whole(least)(part) for part in text.split(",")]
        if len(set(values)) < len(values):
            raise argparse.ArgumentTypeError(f"{text!r} names one twice")
        return values

    return parse


def names_of(known: Collection[str]) -> Callable[[str], list[str]]:
    """Makes a flag's type: some of the names that are known.

    They are split by semicolons, or by commas where no name has one.
    """

    def parse(text: str) -> list[str]:
        if ";" in text:
            names = text.split(";")
        else:
            names = [text] if text in known else text.split(",")
        names = [name.strip() for name in names]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"{name!r} is not one of {'; '.join(known)}"
                )
        return list(dict.fromkeys(names))

    return parse


def output_file(text: str) -> str:
    """A flag's type: a file that can be written once hours have passed."""
    path = Path(text)
    if not text or path.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no file in a folder that can be written"
        )
    return text


def check_images(data: DataConfig) -> None:
    """Opens the images that flags name, before any work is done for them.

    Raises:
        ValueError: If they aren't images, or there is no such dataset.
        OSError: If they aren't there.
    """
    # Imported here, as some benchmarks choose what TensorFlow sees.
    from dcgan_tf.data.open_source import load_held_out, load_source

    if data.dataset not in EMBEDDED or data.held_out_dir is not None:
        source = load_source(data)
        if data.held_out_dir is not None:
            load_held_out(data, source)


def run(main: Callable[[], int | None]) -> None:
    """Runs a benchmark; what it can't use ends it with one line."""
    try:
        sys.exit(main())
    except (ValueError, OSError) as error:
        if os.environ.get("DCGAN_TF_TRACEBACK"):
            raise
        message = " ".join(str(error).split())
        sys.exit(f"{Path(sys.argv[0]).name}: error: {message}")


def write_json(path: str | None, **figures: Any) -> None:
    """Writes figures and the machine, if there is a path."""
    if path:
        record = {"machine": machine.describe(), **figures}
        Path(path).write_text(
            json.dumps(record, indent=2) + "\n", encoding="utf-8"
        )
