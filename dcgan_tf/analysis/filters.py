"""Draws kernels as tiles, and images that deeper filters respond to."""

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.layers import list_layers_to
from dcgan_tf.analysis.receptive_field import find_middle_unit
from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, as_grid, draw_sheet
from dcgan_tf.analysis.signals import signal_to_uint8
from dcgan_tf.context.graph_rewrites import REMAPPING, without_rewrites
from dcgan_tf.images import to_uint8
from dcgan_tf.runs.trained_model import TrainedModel

# As a fraction of the contrast that an image may have.
_STEP_SIZE = 0.1
# Root mean square of the pixels. Without a bound every pixel ends black or
# white, whatever the filter looks for.
_CONTRAST = 0.3
# Each step is blurred by this row of weights, down and across: D also looks
# for noise that no image has, and would fill the preferred ones with it.
_BLUR = np.array([1, 4, 6, 4, 1], np.float32) / 16
# Of each deeper layer, from the first on.
_NUM_FILTERS = 16


def make_kernel_tiles(layer: keras.layers.Layer) -> np.ndarray:
    """Shows a convolution's kernels on the image's side.

    Args:
        layer: A convolution of images, or a transposed one into images.

    Returns:
        uint8 `(filters, kernel_height, kernel_width, channels)`; zero is
        grey, each filter on its own scale.
    """
    # Both kinds have the image's channels third and the filters last.
    kernel = np.asarray(layer.kernel).transpose(3, 0, 1, 2)
    return signal_to_uint8(kernel, axes=(1, 2, 3))


def maximise_activations(
    model: keras.Sequential,
    layer_name: str,
    num_filters: int,
    seed: int,
    num_steps: int = 60,
) -> np.ndarray:
    """Optimizes an image for each filter's activation, by gradient ascent.

    Gradient ascent on the unit in the middle of each filter's map, from
    faint noise, among images of one norm (Erhan et al., 2009, "Visualizing
    Higher-Layer Features of a Deep Network"), by blurred steps.

    Args:
        model: Of images in `[-1, 1]`.
        layer_name: The filters' layer.
        num_filters: Filters, from the first on; all of a layer that has
            fewer.
        seed: Of the noise.
        num_steps: Of ascent.

    Returns:
        float32 `(num_filters, height, width, channels)` in `[-1, 1]`.
    """
    layers = list_layers_to(model, layer_name)
    num_filters = min(num_filters, layers[-1].output.shape[-1])
    row, column = find_middle_unit(model, layer_name)
    shape = (num_filters, *model.input_shape[1:])
    start = np.random.default_rng(seed).uniform(-0.1, 0.1, shape)

    kernel = np.einsum("i,j,cd->ijcd", _BLUR, _BLUR, np.eye(shape[-1]))

    def blur(gradient):
        return tf.nn.conv2d(gradient, kernel.astype(np.float32), 1, "SAME")

    def set_contrast(signal):
        power = tf.reduce_mean(signal**2, axis=(1, 2, 3), keepdims=True)
        return _CONTRAST * signal / (tf.sqrt(power) + 1e-8)

    @tf.function(autograph=False)
    def climb(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            maps = images
            for layer in layers:
                maps = layer(maps, training=False)
            middle = maps[:, row, column]
            # Filter i is maximised by image i alone.
            response = tf.linalg.diag_part(middle[:, :num_filters])
        gradient = blur(tape.gradient(response, images))
        moved = images + _STEP_SIZE * set_contrast(gradient)
        return tf.clip_by_value(set_contrast(moved), -1.0, 1.0)

    images = tf.constant(start, tf.float32)
    with without_rewrites(REMAPPING):
        for _ in range(num_steps):
            images = climb(images)
    return images.numpy()


def draw_filters(model: TrainedModel) -> np.ndarray:
    """Draws both networks' outermost kernels and D's deeper preferences.

    Args:
        model: Whose networks.

    Returns:
        uint8 `(height, width, 3)`.
    """
    discriminator, generator = model.discriminator, model.generator
    first = next(
        x for x in discriminator.layers if isinstance(x, keras.layers.Conv2D)
    )
    last = next(
        x
        for x in reversed(generator.layers)
        if isinstance(x, keras.layers.Conv2DTranspose)
    )
    rows = [
        [
            Panel(
                as_grid(make_kernel_tiles(layer), 8),
                f"{owner}: all kernels of {layer.name}",
                tile_side=56,
            )
            for owner, layer in (("D", first), ("G", last))
        ]
    ]
    deeper = [
        layer.name
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.LeakyReLU)
    ][1:]
    for name in deeper:
        preferred = maximise_activations(
            discriminator, name, _NUM_FILTERS, model.seed
        )
        pixels = to_uint8(preferred).numpy()
        rows.append(
            [
                Panel(
                    as_grid(pixels, 8),
                    f"D: images that filters 1 to {len(pixels)} of {name} "
                    "respond to most",
                    tile_side=110,
                )
            ]
        )
    return draw_sheet(
        "What the filters look for and draw with",
        rows,
        "Kernels next to the image, each on its own scale, grey is zero; for "
        "D's deeper layers, images made by gradient ascent from noise on the "
        f"unit in the middle of each filter's map. {describe_origin(model)}",
    )
