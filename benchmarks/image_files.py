"""Drawn images in files, as collections are found."""

from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from dcgan_tf.data.toy_faces import make_toy_faces

CELEBA_SIZE = (178, 218)
# With this grain and quality a file takes 7 KB, CelebA's mean.
_GRAIN_LEVELS = 3
_JPEG_QUALITY = 88
_NUM_DRAWN = 100
RECORDS_NAME = "drawn_faces"


def draw_images(count: int, size: tuple[int, int]) -> list[Image.Image]:
    """Draws different faces, grainy as photographs are.

    Args:
        count: How many.
        size: Width and height in pixels.
    """
    rng = np.random.default_rng(0)
    images = []
    for face in make_toy_faces(count, 64)[0]:
        large = np.asarray(Image.fromarray(face).resize(size), np.float32)
        large = large + rng.normal(0, _GRAIN_LEVELS, large.shape)
        clipped = np.clip(large, 0, 255).astype(np.uint8)
        images.append(Image.fromarray(clipped))
    return images


def write_folder(
    folder: Path, count: int, size: tuple[int, int], file_format: str
) -> int:
    """Writes images as files of one format.

    Args:
        folder: Is made.
        count: How many; after 100 they begin anew.
        size: Width and height in pixels.
        file_format: `JPEG` or `PNG`.

    Returns:
        A file's mean size in bytes.
    """
    folder.mkdir(parents=True)
    images = draw_images(min(count, _NUM_DRAWN), size)
    options = {"quality": _JPEG_QUALITY} if file_format == "JPEG" else {}
    paths = [folder / f"{i:06d}.{file_format.lower()}" for i in range(count)]
    for i, path in enumerate(paths):
        if i < len(images):
            images[i].save(path, file_format, **options)
        else:
            path.write_bytes(paths[i % len(images)].read_bytes())
    return round(sum(path.stat().st_size for path in paths) / count)


def write_records(data_dir: Path, jpeg_folder: Path) -> None:
    """Puts a folder's JPEG files into a TFDS dataset, `drawn_faces`."""
    width, height = CELEBA_SIZE
    image = tfds.features.Image(
        shape=(height, width, 3), encoding_format="jpeg"
    )
    examples = [
        (path.name, {"image": str(path)})
        for path in sorted(jpeg_folder.iterdir())
    ]
    tfds.disable_progress_bar()
    tfds.dataset_builders.store_as_tfds_dataset(
        name=RECORDS_NAME,
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": image}),
        split_datasets={"train": examples},
        data_dir=str(data_dir),
    )
