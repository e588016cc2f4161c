"""Statistics of a collection, before any training."""

import dataclasses

import numpy as np
import tensorflow as tf
from PIL import Image

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.preprocess.colours import convert_channels
from dcgan_tf.data.preprocess.prepare import get_padded_side, prepare_image
from dcgan_tf.data.preprocess.sizes import crop_and_resize, find_cut
from dcgan_tf.data.source import Source

MAX_EXAMINED = 10_000
_MAX_GLANCED_AT = 100

_THUMBNAIL_SIDE = 16
# Root mean square difference of thumbnails in levels out of 255: measured,
# an image saved again as JPEG is 1 to 3 away, two real digits over 10.
_NEAR_LEVELS = 4.0
_BLOCK = 1_000


@dataclasses.dataclass(frozen=True)
class Survey:
    """Statistics of some of a source's images.

    Attributes:
        images: The first few, prepared: uint8
            `(count, height, width, channels)`.
        num_unreadable: Files that were no images after all.
        sizes: int32 `(num_examined, 2)`: heights and widths as they came.
        is_grey: bool `(num_examined,)`: whether an image has no colour.
        kept: float `(num_examined,)`: the part of an image's area that the
            crop keeps.
        is_enlarged: bool `(num_examined,)`: whether what the crop keeps is
            smaller than the target.
        brightest: uint8 `(num_examined,)`: the highest level of an image in
            any colour, the background's where it is transparent.
        brightest_below_255: The same of what isn't 255; 0 without such.
        num_near: Images among those examined that another is nearly
            identical to.
    """

    images: np.ndarray
    num_unreadable: int
    sizes: np.ndarray
    is_grey: np.ndarray
    kept: np.ndarray
    is_enlarged: np.ndarray
    brightest: np.ndarray
    brightest_below_255: np.ndarray
    num_near: int

    @property
    def num_examined(self) -> int:
        """How many images were looked at."""
        return len(self.sizes)


def examine(
    source: Source,
    model: ModelConfig,
    data: DataConfig,
    num_shown: int = 64,
    max_examined: int = MAX_EXAMINED,
) -> Survey:
    """Reads a source's first images, in its order, which is a fair sample.

    Args:
        source: Where from.
        model: The target's size and channels.
        data: Crop and background.
        num_shown: Prepared images to keep.
        max_examined: Images to read at most.

    Returns:
        What was found.
    """

    @tf.autograph.experimental.do_not_convert
    def describe(image, _):
        size = tf.shape(image)[:2]
        padded = tf.maximum(size, get_padded_side(data))
        cut = find_cut(
            padded[0], padded[1], model.image_size, data.crop, data.fit
        )
        rgb = convert_channels(image, 3, data.background)
        return {
            "image": prepare_image(image, model, data),
            "size": size,
            "padded": padded,
            "cut": tf.stack(cut),
            "is_grey": tf.reduce_all(rgb[..., :1] == rgb),
            "brightest": tf.reduce_max(rgb),
            "brightest_below_255": tf.reduce_max(tf.where(rgb < 255, rgb, 0)),
            "thumbnail": crop_and_resize(rgb, (_THUMBNAIL_SIDE,) * 2),
        }

    dataset = source.read_all().take(max_examined)
    dataset = dataset.map(describe, num_parallel_calls=tf.data.AUTOTUNE)
    images, found, num_unreadable = [], [], 0
    for position, element in enumerate(dataset.as_numpy_iterator()):
        if source.name_of(position) in source.skipped.reasons:
            num_unreadable += 1  # What was read is another in its place.
            continue
        image = element.pop("image")
        if len(images) < num_shown:
            images.append(image)
        found.append(element)
    columns = {name: np.stack([f[name] for f in found]) for name in found[0]}
    cuts, areas = columns["cut"], columns["padded"].prod(axis=1)
    return Survey(
        images=np.stack(images),
        num_unreadable=num_unreadable,
        sizes=columns["size"],
        is_grey=columns["is_grey"],
        kept=cuts.prod(axis=1) / areas,
        is_enlarged=_find_enlarged(cuts, model, data),
        brightest=columns["brightest"],
        brightest_below_255=columns["brightest_below_255"],
        num_near=count_near(columns["thumbnail"]),
    )


def glance(
    source: Source, model: ModelConfig, data: DataConfig
) -> Survey | None:
    """Looks at up to 100 images without preparing them: `examine` in no time.

    Args:
        source: Where from.
        model: The target's size.
        data: The crop and what is done to other shapes.

    Returns:
        What was found, without `images`; None where none could be read.
    """
    sizes, is_grey, thumbnails = [], [], []
    brightest, brightest_below_255 = [], []
    dataset = source.read_all().take(_MAX_GLANCED_AT)
    for position, (image, _) in enumerate(dataset.as_numpy_iterator()):
        if source.name_of(position) in source.skipped.reasons:
            continue
        rgb = np.asarray(convert_channels(image, 3, data.background))
        sizes.append(image.shape[:2])
        is_grey.append(bool((rgb[..., :1] == rgb).all()))
        brightest.append(rgb.max())
        brightest_below_255.append(np.max(rgb, initial=0, where=rgb < 255))
        thumbnail = Image.fromarray(rgb).resize(
            (_THUMBNAIL_SIDE,) * 2, Image.Resampling.BILINEAR
        )
        thumbnails.append(np.asarray(thumbnail))
    if not sizes:
        return None
    sizes = np.array(sizes, np.int32)
    padded = np.maximum(sizes, get_padded_side(data))
    cuts = np.stack(
        find_cut(*padded.T, model.image_size, data.crop, data.fit), axis=1
    )
    return Survey(
        images=np.empty((0, *model.image_size, model.channels), np.uint8),
        num_unreadable=0,
        sizes=sizes,
        is_grey=np.array(is_grey),
        brightest=np.array(brightest),
        brightest_below_255=np.array(brightest_below_255),
        kept=cuts.prod(axis=1) / padded.prod(axis=1),
        is_enlarged=_find_enlarged(cuts, model, data),
        num_near=count_near(np.stack(thumbnails)),
    )


def _find_enlarged(
    cuts: np.ndarray, model: ModelConfig, data: DataConfig
) -> np.ndarray:
    is_smaller = cuts < model.image_size
    # One long side keeps what is padded from being enlarged.
    if data.fit == "pad":
        return is_smaller.all(axis=1)
    return is_smaller.any(axis=1)


def count_near(thumbnails: np.ndarray) -> int:
    """Counts the images that another one is nearly identical to.

    Args:
        thumbnails: uint8 `(count, height, width, channels)` in `[0, 255]`.

    Returns:
        How many are at most 4 levels (root mean square) from another.
    """
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    norms = (flat**2).sum(axis=1)
    limit = _NEAR_LEVELS**2 * flat.shape[1]
    num_near = 0
    for start in range(0, len(flat), _BLOCK):
        rows = slice(start, start + _BLOCK)
        squares = norms[rows, None] + norms - 2 * flat[rows] @ flat.T
        # Every image is near itself.
        num_near += int(((squares <= limit).sum(axis=1) > 1).sum())
    return num_near
