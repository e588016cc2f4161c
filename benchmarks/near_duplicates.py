"""Measures which near-duplicates `dcgan_tf.cli.dedup` finds and mistakes.

    python benchmarks/near_duplicates.py [--json=F] [--smoke]

Among the embedded digits (28x28, padded to 32) and drawn faces (enlarged to
192x192, with grain), copies of every tenth image are planted: saved again as
JPEG, cut at the edges, made brighter. All become 32x32 then. The shipped
autoencoder, codes and groups then say which images to leave out, for
several numbers of bits in which codes may differ. A copy is found if it is
grouped with its original; an original that is dropped is a mistake.
"""

import dataclasses
import io
import os
from collections.abc import Callable

os.environ["CUDA_VISIBLE_DEVICES"] = ""

import before_tensorflow  # noqa: E402, F401
import command  # noqa: E402
import machine  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from PIL import Image  # noqa: E402

from dcgan_tf.config import DataConfig  # noqa: E402
from dcgan_tf.data.dedup.codes import (  # noqa: E402
    THUMBNAIL,
    choose_groups,
    find_close_pairs,
    train_encoder,
)
from dcgan_tf.data.open_source import load_source  # noqa: E402
from dcgan_tf.data.pipeline import load_images  # noqa: E402
from dcgan_tf.data.preprocess.sizes import crop_and_resize  # noqa: E402
from dcgan_tf.data.toy_faces import make_toy_faces  # noqa: E402

MAX_BITS = (0, 1, 3, 5, 7)
NUM_STEPS, SMOKE_STEPS = 1_000, 5
MAX_IMAGES, SMOKE_IMAGES = 4_000, 60
PLANTED_EVERY = 10
FACES_SIDE = 192
GRAIN_LEVELS = 3


def load_digits(count: int) -> np.ndarray:
    """Returns uint8 `(count, 32, 32, 3)`."""
    data = DataConfig()
    return load_images(load_source(data), THUMBNAIL, data, count)[0]


def load_faces(count: int) -> np.ndarray:
    """Returns uint8 `(count, 192, 192, 3)`."""
    rng = np.random.default_rng(0)
    faces = np.empty((count, FACES_SIDE, FACES_SIDE, 3), np.uint8)
    for i, face in enumerate(make_toy_faces(count, 64)[0]):
        large = Image.fromarray(face).resize((FACES_SIDE, FACES_SIDE))
        grain = rng.normal(0, GRAIN_LEVELS, faces.shape[1:])
        faces[i] = np.clip(np.asarray(large) + grain, 0, 255)
    return faces


COLLECTIONS = {"digits": load_digits, "drawn faces": load_faces}


def save_again(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(image: np.ndarray) -> np.ndarray:
        contents = io.BytesIO()
        Image.fromarray(image).save(contents, "JPEG", quality=quality)
        return np.asarray(Image.open(contents))

    return change


def cut_edges(fraction: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(image: np.ndarray) -> np.ndarray:
        pixels = max(1, round(fraction * len(image)))
        return image[pixels:-pixels, pixels:-pixels]

    return change


def brighten(part: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: np.clip(image * (1.0 + part), 0, 255).astype(np.uint8)


CHANGES = {
    "JPEG, quality 90": save_again(90),
    "JPEG, quality 75": save_again(75),
    "a pixel cut at each edge": cut_edges(0),
    "1/32 cut at each edge": cut_edges(1 / 32),
    "5% brighter": brighten(0.05),
    "20% brighter": brighten(0.2),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """What one number of bits gives.

    Attributes:
        collection: Its name.
        max_bits: In which codes may differ.
        found: Of each change's planted copies, the fraction found.
        mistaken: Of the originals, the fraction dropped.
    """

    collection: str
    max_bits: int
    found: dict[str, float]
    mistaken: float


def reduce(image: np.ndarray) -> np.ndarray:
    """Makes what the autoencoder sees: uint8 `(32, 32, 3)`."""
    return crop_and_resize(tf.constant(image), THUMBNAIL.image_size).numpy()


def measure(name: str, max_images: int, num_steps: int) -> list[Row]:
    """Plants copies among images and looks for them."""
    collection = COLLECTIONS[name](max_images)
    chosen = range(0, len(collection), PLANTED_EVERY)
    planted = [
        reduce(change(collection[i]))
        for change in CHANGES.values()
        for i in chosen
    ]
    originals = np.stack([reduce(image) for image in collection])
    images = np.concatenate([originals, np.stack(planted)])
    encoder = train_encoder(images, num_steps)
    members: dict[bytes, list[int]] = {}
    for position, code in enumerate(encoder.encode(images)):
        members.setdefault(code.tobytes(), []).append(position)
    rows = []
    for max_bits in MAX_BITS:
        pairs = find_close_pairs(list(members), max_bits)
        groups = choose_groups(members, pairs)
        group_of = {i: number for number, g in enumerate(groups) for i in g}
        is_found = [
            group_of.get(len(originals) + number, -1) == group_of.get(i)
            for number, i in enumerate([*chosen] * len(CHANGES))
        ]
        fractions = np.reshape(is_found, (len(CHANGES), -1)).mean(axis=1)
        dropped = {i for group in groups for i in group[1:]}
        mistaken = sum(i < len(originals) for i in dropped) / len(originals)
        found = dict(zip(CHANGES, fractions.tolist(), strict=True))
        rows.append(Row(name, max_bits, found, mistaken))
    return rows


def main() -> None:
    values = command.make_parser(__doc__).parse_args()
    max_images, num_steps = MAX_IMAGES, NUM_STEPS
    if values.smoke:
        max_images, num_steps = SMOKE_IMAGES, SMOKE_STEPS
    print(f"{machine.describe()}; {max_images} images, {num_steps} steps.\n")
    names = " | ".join(CHANGES)
    print(f"| collection | `--max_bits` | {names} | dropped wrongly |")
    print("|---|--:|" + "--:|" * (len(CHANGES) + 1))
    rows = []
    for name in COLLECTIONS:
        for row in measure(name, max_images, num_steps):
            rows.append(row)
            fractions = " | ".join(
                f"{fraction:.0%}" for fraction in row.found.values()
            )
            print(
                f"| {row.collection} | {row.max_bits} | {fractions} "
                f"| {row.mistaken:.2%} |",
                flush=True,
            )
    command.write_json(
        values.json, rows=[dataclasses.asdict(row) for row in rows]
    )


if __name__ == "__main__":
    command.run(main)
