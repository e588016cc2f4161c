"""Asks an export's signatures for much at once, good and bad.

    python benchmarks/load_test.py EXPORT_DIR [--seconds=60] [--threads=8]

Threads send batches of mixed sizes to every signature, among them inputs of
the wrong rank, the wrong length, NaN, bytes that are no image and an image
that claims to be huge. Every good one must be answered as it is alone, every
bad one by an error, and memory must stay as it is.
"""

import argparse
import collections
import random
import struct
import threading
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import before_tensorflow  # noqa: F401
import command
import numpy as np
import psutil
import tensorflow as tf

PARTS = ("generator", "discriminator_features")
MAX_BATCH_SIZE = 9
# Allocators keep some; a leak of each request's data is far more.
MAX_GROWTH_BYTES = 50 * 2**20
_WARM_SHARE = 0.3


class Load:
    """Good inputs with their answers, bad inputs, and what came of them."""

    def __init__(self, export_dir: Path):
        self.models = {
            name: tf.saved_model.load(str(export_dir / name / "1"))
            for name in PARTS
        }
        signatures = self.models["generator"].signatures
        self.sample = signatures["sample"]
        self.draw = signatures["serving_default"]
        self.encoded = self.models["discriminator_features"].signatures[
            "encoded"
        ]
        _, specs = self.draw.structured_input_signature
        self.latent_dim = specs["latents"].shape[1]
        rng = np.random.default_rng(0)
        shape = (MAX_BATCH_SIZE, self.latent_dim)
        self.latents = rng.uniform(-1, 1, shape).astype(np.float32)
        self.seeds = np.arange(MAX_BATCH_SIZE)
        self.files = np.array(
            signatures["png"](latents=self.latents)["image_bytes"]
        )
        self.answers = {
            "draw": self.draw_floats(self.latents),
            "sample": self.sample(seeds=self.seeds)["images"].numpy(),
            "encoded": self.encode(self.files),
        }
        self.counts = collections.Counter()
        self.failures: list[str] = []

    def draw_floats(self, latents: np.ndarray) -> np.ndarray:
        """Returns the images of latents."""
        latents = tf.constant(latents, tf.float32)
        return self.draw(latents=latents)["images"].numpy()

    def encode(self, files: Sequence[bytes]) -> np.ndarray:
        """Returns the features of image files."""
        return self.encoded(image_bytes=tf.constant(files))["features"].numpy()

    def ask_well(self, chance: random.Random) -> None:
        """Sends a good request and compares its answer."""
        rows = slice(0, chance.randint(1, MAX_BATCH_SIZE))
        name = chance.choice(list(self.answers))
        if name == "draw":
            given = self.draw_floats(self.latents[rows])
        elif name == "sample":
            given = self.sample(seeds=tf.constant(self.seeds[rows]))["images"]
        else:
            given = self.encode(self.files[rows])
        expected = self.answers[name][rows]
        tolerance = 0 if name == "sample" else 1e-4
        if not np.allclose(given, expected, rtol=tolerance, atol=tolerance):
            self.failures.append(f"{name}: another answer under load")
        self.counts["good"] += 1

    def ask_badly(self, chance: random.Random) -> None:
        """Sends a bad request, which must be refused."""
        nan = self.latents[:1].copy()
        nan[0, 0] = np.nan
        name, words, ask = chance.choice(
            [
                ("wrong rank", "latents", lambda: self.draw_floats(np.ones(3))),
                (
                    "wrong length",
                    "latents",
                    lambda: self.draw_floats(np.ones((1, self.latent_dim + 1))),
                ),
                ("NaN", "latents", lambda: self.draw_floats(nan)),
                ("no image", "JPEG or PNG", lambda: self.encode([b"none"])),
                ("bomb", "pixels", lambda: self.encode([make_bomb()])),
            ]
        )
        try:
            ask()
        except (tf.errors.InvalidArgumentError, ValueError, TypeError) as error:
            self.counts[f"refused: {name}"] += 1
            if words not in str(error):
                self.failures.append(f"{name}: refused as {str(error)[:200]!r}")
        else:
            self.failures.append(f"{name}: no error")


def make_bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that claims `side` x `side` pixels."""

    def make_chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(2**20))
    return (
        b"\x89PNG\r\n\x1a\n"
        + make_chunk(b"IHDR", header)
        + make_chunk(b"IDAT", pixels)
        + make_chunk(b"IEND", b"")
    )


def run(export_dir: Path, seconds: float, num_threads: int) -> Load:
    """Runs the load; `failures` of what it returns says what went wrong."""
    load = Load(export_dir)
    process = psutil.Process()
    stop = time.monotonic() + seconds

    def work(index: int) -> None:
        chance = random.Random(index)
        while time.monotonic() < stop:
            ask = load.ask_badly if chance.random() < 0.3 else load.ask_well
            ask(chance)

    threads = [
        threading.Thread(target=work, args=(index,))
        for index in range(num_threads)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds * _WARM_SHARE)
    before = process.memory_info().rss
    for thread in threads:
        thread.join()
    growth = process.memory_info().rss - before
    load.counts["memory growth, MiB"] = growth // 2**20
    if growth > MAX_GROWTH_BYTES:
        load.failures.append(f"memory grew by {growth / 2**20:.0f} MiB")
    return load


def main() -> int:
    parser = command.Parser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("export_dir", type=Path)
    parser.add_argument("--seconds", type=command.number(0), default=60.0)
    parser.add_argument("--threads", type=command.whole(1), default=8)
    values = parser.parse_args()
    for name in PARTS:
        if not (values.export_dir / name / "1").is_dir():
            raise FileNotFoundError(
                f"{str(values.export_dir)!r} holds no {name}/1; give a folder "
                "that `dcgan export` wrote"
            )
    load = run(values.export_dir, values.seconds, values.threads)
    for name, count in sorted(load.counts.items()):
        print(f"{name:<20} {count:>8,}")
    for failure in sorted(set(load.failures)):
        print(f"FAILED {failure}")
    return 1 if load.failures else 0


if __name__ == "__main__":
    command.run(main)
