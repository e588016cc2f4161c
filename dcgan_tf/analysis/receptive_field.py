"""Receptive fields: the pixels that a convolution's unit sees."""

import dataclasses

import keras

from dcgan_tf.analysis.layers import list_layers_to


@dataclasses.dataclass(frozen=True)
class ReceptiveField:
    """Windows of a layer's units, the same on every axis of its kind.

    Attributes:
        size: `(height, width)` of a unit's window in pixels.
        stride: `(vertical, horizontal)` pixels between neighbouring units.
        start: `(top, left)` of the first unit's window; negative where it
            begins in the padding.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    start: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Returns a unit's window.

        Args:
            row: Of the unit on its map.
            column: Of the unit on its map.

        Returns:
            Top, left, bottom and right in pixels, the last two exclusive;
            it may leave the image by what is padding.
        """
        top = self.start[0] + row * self.stride[0]
        left = self.start[1] + column * self.stride[1]
        return top, left, top + self.size[0], left + self.size[1]


def compute_receptive_field(
    model: keras.Sequential, layer_name: str
) -> ReceptiveField:
    """Computes the windows of the image that a layer's units see.

    From the layer to the image, a kernel of k over windows of size n and
    stride s sees (n - 1) * s + k pixels below it, `padding` of them before
    the first (Dumoulin & Visin, 2016, arXiv 1603.07285, Section 2).
    TensorFlow pads a `same` convolution unevenly: the odd pixel comes last.

    Args:
        model: Of images; 2-D convolutions up to the layer, and layers that
            act on each pixel.
        layer_name: The layer.

    Returns:
        The windows of the layer's units.

    Raises:
        ValueError: If there is no such layer, or one below it looks at
            other pixels in another way than a convolution.
    """
    size, stride, start = [1, 1], [1, 1], [0, 0]
    for layer in reversed(list_layers_to(model, layer_name)):
        if isinstance(layer, keras.layers.Conv2D):
            for axis in (0, 1):
                kernel = (layer.kernel_size[axis] - 1) * layer.dilation_rate[
                    axis
                ] + 1
                step = layer.strides[axis]
                before = _padding_before(layer, kernel, axis)
                size[axis] = (size[axis] - 1) * step + kernel
                stride[axis] *= step
                start[axis] = start[axis] * step - before
        elif not isinstance(layer, _POINTWISE):
            raise ValueError(
                f"layer {layer.name!r} is a {type(layer).__name__}; only "
                "convolutions have a receptive field to compute"
            )
    return ReceptiveField(tuple(size), tuple(stride), tuple(start))


def find_middle_unit(
    model: keras.Sequential, layer_name: str
) -> tuple[int, int]:
    """Finds the row and column of the unit whose window is most central.

    Of two in the middle the first: an odd pixel of padding comes last, so
    that windows lie late.
    """
    height, width = model.get_layer(layer_name).output.shape[1:3]
    return (height - 1) // 2, (width - 1) // 2


_POINTWISE = (
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.BatchNormalization,
    keras.layers.Activation,
)


def _padding_before(layer: keras.layers.Conv2D, kernel: int, axis: int) -> int:
    if layer.padding == "valid":
        return 0
    side = layer.input.shape[1 + axis]
    step = layer.strides[axis]
    num_outputs = -(-side // step)
    return max((num_outputs - 1) * step + kernel - side, 0) // 2
