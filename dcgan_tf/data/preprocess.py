"""Preprocessing of one image: channels, padding, crop, resize.

Pure TensorFlow operations, so that the same code runs eagerly, in tf.data
and inside an exported graph: what a served model sees is what training saw.
"""

import tensorflow as tf
from PIL import ImageColor

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data import transparency

# Datasets of 28-pixel images, which get a black border up to this side
# rather than being enlarged: 32 can be halved, 28 only twice.
_PADDED_SIDES = {"mnist_5k": 32, "mnist": 32, "fashion_mnist": 32}

# ITU-R BT.601 luma in 16-bit fixed point, as Pillow's convert("L") has it;
# tf.image.rgb_to_grayscale uses the same weights in floating point.
_LUMA_WEIGHTS = (19595, 38470, 7471)

# Where a PNG file says how many bits a channel has.
_PNG_BITS_AT = 24


def prepare_image(
    image: tf.Tensor, model: ModelConfig, data: DataConfig
) -> tf.Tensor:
    """Makes an image of any size into what the networks are shown.

    Args:
        image: uint8 `(height, width, channels)` with 1, 3 or 4 (RGBA)
            channels, statically known.
        model: Its `image_size` and `channels` are the target's.
        data: Its `dataset`, `crop`, `fit` and `background` decide the
            rest.

    Returns:
        uint8 `(*model.image_size, model.channels)`.
    """
    side = get_padded_side(data.dataset)
    if side:
        image = pad_to_side(image, side)
    image = convert_channels(image, model.channels, data.background)
    if data.fit == "pad":
        image = resize_and_pad(
            image, model.image_size, data.crop, data.background
        )
    else:
        image = crop_and_resize(image, model.image_size, data.crop, data.fit)
    if model.channels == 4:
        return transparency.fill_colour(image, parse_colour(data.background))
    return image


def decode_image_bytes(
    contents: tf.Tensor, channels: int, background: str
) -> tf.Tensor:
    """Decodes a JPEG or PNG file inside a graph.

    Gives the pixels that the image folder's decoder gives, except that EXIF
    orientation, which TensorFlow doesn't read, is ignored.

    Args:
        contents: Scalar string, a whole file.
        channels: 1, 3 or 4.
        background: Colour under transparent pixels.

    Returns:
        uint8 `(height, width, channels)`.
    """

    def decode_jpeg():
        # The accurate transform is Pillow's; TensorFlow's default is faster.
        image = tf.io.decode_jpeg(
            contents, channels=3, dct_method="INTEGER_ACCURATE"
        )
        return convert_channels(image, channels)

    def decode_png():
        image = _fill_alpha(tf.io.decode_png(contents, channels=4), contents)
        return convert_channels(image, channels, background)

    image = tf.cond(tf.io.is_jpeg(contents), decode_jpeg, decode_png)
    return tf.ensure_shape(image, (None, None, channels))


def _fill_alpha(image: tf.Tensor, png: tf.Tensor) -> tf.Tensor:
    """Makes a PNG without transparency opaque.

    TensorFlow adds an alpha that is the file's own largest level, which in
    files of fewer than 8 bits a pixel isn't 255.
    """
    bits = tf.io.decode_raw(tf.strings.substr(png, _PNG_BITS_AT, 1), tf.uint8)
    bits = tf.cast(bits[0], tf.int32)
    largest = tf.bitwise.left_shift(1, bits) - 1
    alpha = tf.cast(image[..., 3], tf.int32)
    is_added = (bits < 8) & tf.reduce_all(alpha == largest)
    opaque = tf.bitwise.bitwise_or(image, tf.constant([0, 0, 0, 255], tf.uint8))
    return tf.where(is_added, opaque, image)


def convert_channels(
    image: tf.Tensor, channels: int, background: str = "white"
) -> tf.Tensor:
    """Turns grey, RGB or RGBA into one of these.

    Args:
        image: uint8 `(..., 1, 3 or 4)`, the last axis statically known.
        channels: 1, 3 or 4; what wasn't RGBA is opaque.
        background: Colour under transparent pixels of RGBA.

    Returns:
        uint8 `(..., channels)`.

    Raises:
        ValueError: If the image has another number of channels.
    """
    given = image.shape[-1]
    if given not in (1, 3, 4):
        raise ValueError(
            f"an image has {given} channels; grey (1), RGB (3) and RGBA (4) "
            "can be used"
        )
    if given == channels:
        return image
    if given == 4:
        image = composite(image, background)
    if channels == 4:
        rgb = convert_channels(image, 3)
        opaque = tf.fill(tf.shape(rgb[..., :1]), tf.constant(255, tf.uint8))
        return tf.concat([rgb, opaque], axis=-1)
    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return tf.repeat(image, 3, axis=-1)
    weights = tf.constant(_LUMA_WEIGHTS, tf.int32)
    luma = tf.reduce_sum(tf.cast(image, tf.int32) * weights, -1, keepdims=True)
    return tf.cast((luma + 2**15) // 2**16, tf.uint8)


def composite(image: tf.Tensor, background: str) -> tf.Tensor:
    """Lays RGBA over a colour, rounding as Pillow's `alpha_composite` does.

    Args:
        image: uint8 `(..., 4)`.
        background: A Pillow colour name or `#rrggbb`.

    Returns:
        uint8 `(..., 3)`.
    """
    colour = tf.constant(parse_colour(background), tf.int32)
    values = tf.cast(image, tf.int32)
    colours, alpha = values[..., :3], values[..., 3:]
    blended = colours * alpha + colour * (255 - alpha)
    return tf.cast((blended + 127) // 255, tf.uint8)


def parse_colour(text: str) -> tuple[int, int, int]:
    """Reads a Pillow colour name or `#rrggbb` as RGB in `[0, 255]`.

    Raises:
        ValueError: If it is no colour.
    """
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise ValueError(
            f"background {text!r} is no colour; use a name such as white or "
            "#rrggbb"
        ) from None


def get_padded_side(dataset: str) -> int:
    """Returns the side up to which a dataset's images are padded, or 0."""
    return _PADDED_SIDES.get(dataset.split(":")[0].split("/")[0], 0)


def pad_to_side(image: tf.Tensor, side: int) -> tf.Tensor:
    """Centres an image on black, at least `side` pixels high and wide.

    Args:
        image: uint8 `(height, width, channels)`.
        side: Sides that are as long already are left alone.

    Returns:
        uint8 `(max(height, side), max(width, side), channels)`.
    """
    height, width, channels = _get_sizes(image)
    target_height = tf.maximum(height, side)
    target_width = tf.maximum(width, side)
    padded = tf.image.pad_to_bounding_box(
        image,
        (target_height - height) // 2,
        (target_width - width) // 2,
        target_height,
        target_width,
    )
    return tf.ensure_shape(padded, (None, None, channels))


def crop_and_resize(
    image: tf.Tensor,
    image_size: tuple[int, int],
    crop: int = 0,
    fit: str = "crop",
) -> tf.Tensor:
    """Cuts the centre out of an image and resizes it with antialiasing.

    A triangle filter as wide as the reduction, so that fine patterns turn
    grey instead of into false ones.

    Args:
        image: uint8 `(height, width, channels)` of any size.
        image_size: Target `(height, width)`.
        crop: Side of a centred square to cut first, in pixels, at most as
            long as the image allows. The largest centred part of the
            target's aspect is what is then resized.
        fit: `crop`; or `stretch`, to resize what the square leaves whole.

    Returns:
        uint8 `(*image_size, channels)`, rounded to the nearest level.
    """
    height, width, channels = _get_sizes(image)
    cut_height, cut_width = find_cut(height, width, image_size, crop, fit)
    cut = _cut_centre(image, cut_height, cut_width)
    resized = _resize(cut, *image_size)
    return tf.ensure_shape(resized, (*image_size, channels))


def resize_and_pad(
    image: tf.Tensor,
    image_size: tuple[int, int],
    crop: int = 0,
    background: str = "white",
) -> tf.Tensor:
    """Resizes an image to fit into the target, and fills that up.

    Args:
        image: uint8 `(height, width, channels)` of any size.
        image_size: Target `(height, width)`.
        crop: Side of a centred square to cut first, as in `crop_and_resize`.
        background: Colour of what is added; transparent in RGBA.

    Returns:
        uint8 `(*image_size, channels)`, the image at its centre.
    """
    height, width, channels = _get_sizes(image)
    cut_height, cut_width = find_cut(height, width, image_size, crop, "pad")
    cut = _cut_centre(image, cut_height, cut_width)
    target_height, target_width = image_size
    is_wide = cut_width * target_height > cut_height * target_width
    fitted_height = tf.where(
        is_wide, _divide(cut_height * target_width, cut_width), target_height
    )
    fitted_width = tf.where(
        is_wide, target_width, _divide(cut_width * target_height, cut_height)
    )
    resized = _resize(cut, fitted_height, fitted_width)
    top = (target_height - fitted_height) // 2
    left = (target_width - fitted_width) // 2
    # Zeros around it, and there the background.
    sides = [
        [top, target_height - fitted_height - top],
        [left, target_width - fitted_width - left],
        [0, 0],
    ]
    padded = tf.pad(resized, sides)
    is_image = tf.pad(tf.ones_like(resized[..., :1], tf.bool), sides)
    colour = tf.constant([[parse_colour(background)]], tf.uint8)
    if channels == 4:
        colour = tf.concat([colour, tf.zeros((1, 1, 1), tf.uint8)], axis=-1)
    else:
        colour = convert_channels(colour, channels)
    return tf.ensure_shape(
        tf.where(is_image, padded, colour), (*image_size, channels)
    )


def _resize(image: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Resizes with antialiasing; an image of that size is left alone."""

    def resize():
        if image.shape[-1] == 4:
            return transparency.resize(image, height, width)
        resized = tf.image.resize(
            image, (height, width), "bilinear", antialias=True
        )
        return tf.cast(
            tf.clip_by_value(tf.round(resized), 0.0, 255.0), tf.uint8
        )

    now_height, now_width, _ = _get_sizes(image)
    is_done = (now_height == height) & (now_width == width)
    return tf.cond(is_done, lambda: image, resize)


def find_cut(
    height: tf.Tensor,
    width: tf.Tensor,
    image_size: tuple[int, int],
    crop: int = 0,
    fit: str = "crop",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes the sides of what is cut out of an image's centre.

    Args:
        height: int32 scalar, the image's.
        width: int32 scalar, the image's.
        image_size: Target `(height, width)`.
        crop: As for `crop_and_resize`.
        fit: Of `config.FITS`; but for `crop`, only the square is cut.

    Returns:
        Two int32 scalars: height and width.
    """
    target_height, target_width = image_size
    if crop:
        height, width = tf.minimum(height, crop), tf.minimum(width, crop)
    if fit != "crop":
        return height, width
    # Compared exactly, to keep an image of the right aspect whole.
    is_too_wide = width * target_height > height * target_width
    cut_height = tf.where(
        is_too_wide, height, _divide(width * target_height, target_width)
    )
    cut_width = tf.where(
        is_too_wide, _divide(height * target_width, target_height), width
    )
    return cut_height, cut_width


def _divide(numerator: tf.Tensor, denominator: int | tf.Tensor) -> tf.Tensor:
    """Divides integers to the nearest one, and at least 1."""
    return tf.maximum(1, (2 * numerator + denominator) // (2 * denominator))


def _cut_centre(
    image: tf.Tensor, cut_height: tf.Tensor, cut_width: tf.Tensor
) -> tf.Tensor:
    height, width, channels = _get_sizes(image)
    top, left = (height - cut_height) // 2, (width - cut_width) // 2
    return tf.slice(image, [top, left, 0], [cut_height, cut_width, channels])


def _get_sizes(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, int]:
    shape = tf.shape(image)
    return shape[0], shape[1], image.shape[-1]
