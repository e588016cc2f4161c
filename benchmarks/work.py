"""How much arithmetic a training step is, counted from layer shapes."""

import dataclasses

from dcgan_tf.config import ModelConfig


@dataclasses.dataclass(frozen=True)
class Passes:
    """How often a step runs each pass of a network, in batches.

    Attributes:
        forward: Outputs from inputs.
        inputs: Input gradients.
        filters: Filter gradients.
        skipped_inputs: Of `inputs`, those that need none at the layer
            nearest the network's input.
    """

    forward: int
    inputs: int
    filters: int
    skipped_inputs: int = 0


@dataclasses.dataclass(frozen=True)
class Step:
    """The passes of both networks in one training step."""

    generator: Passes
    discriminator: Passes


# One generator pass; D on real and on generated images, and its input
# gradients for its own loss and, down to the pixels, for the generator's.
ONE_FAKE_PASS = Step(Passes(1, 1, 1), Passes(2, 3, 2, skipped_inputs=2))
# D sees the generated images again after its update, and its filters'
# gradients are computed there too, and thrown away.
PYTORCH_EXAMPLE = Step(Passes(1, 1, 1), Passes(3, 3, 3, skipped_inputs=2))
# The generator runs again too, from new latents.
KERAS_EXAMPLE = Step(Passes(2, 1, 1), Passes(3, 3, 2, skipped_inputs=2))


def count_step_operations(
    config: ModelConfig, batch_size: int, step: Step
) -> int:
    """Counts a step's convolutions' multiplications and additions.

    Dense layers and everything elementwise don't count, nor do products with
    padding, which kernels skip.
    """
    layers = _count_layer_operations(config)
    generator, discriminator = step.generator, step.discriminator
    # A transposed convolution's passes are its convolution's, in another
    # order.
    total = sum(layers) * (
        generator.forward
        + generator.inputs
        + generator.filters
        + discriminator.forward
        + discriminator.inputs
        + discriminator.filters
    )
    # Only D's first layer meets images: the generator's convolutions all
    # have weights before them.
    return batch_size * (total - discriminator.skipped_inputs * layers[0])


def count_convolution_operations(
    size: tuple[int, int],
    inputs: int,
    filters: int,
    kernel_size: int,
    stride: int,
) -> int:
    """Counts one pass over one map of `size` with "same" padding."""
    height, width = (_count_taps(side, kernel_size, stride) for side in size)
    return 2 * height * width * inputs * filters


def _count_layer_operations(config: ModelConfig) -> list[int]:
    """For an image, one pass of each of D's convolutions; G's are equal."""
    height, width = config.image_size
    inputs = config.channels
    counts = []
    for filters, stride in config.convolutions:
        counts.append(
            count_convolution_operations(
                (height, width), inputs, filters, config.kernel_size, stride
            )
        )
        height, width = height // stride, width // stride
        inputs = filters
    return counts


def _count_taps(side: int, kernel_size: int, stride: int) -> int:
    """How many pixels all windows along one side hold together."""
    before = (kernel_size - stride) // 2
    starts = range(-before, side - before, stride)
    return sum(
        min(start + kernel_size, side) - max(start, 0) for start in starts
    )
