"""The settings of a run's networks."""

import dataclasses

from dcgan_tf.config.ranges import check_at_least, normalize_settings
from dcgan_tf.families import (
    FAMILIES,
    MAXOUT_PIECES,
    check_family,
    check_latent_dim,
    check_unchanged,
)
from dcgan_tf.image_sizes import count_scales, read_image_size


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The shape of a generator and its mirrored discriminator.

    A side of `start * 2**num_scales` pixels is reached by `num_scales`
    stride-2 convolutions from a start of 4 to 7 (Radford et al., 2016,
    Section 3 and Figure 1, which has 4 * 2**4).

    Attributes:
        image_size: `(height, width)` in pixels, each up to 256. What
            `read_image_size` takes becomes it.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA, of the family `dcgan`; see
            `data/preprocess/transparency.py`).
        latent_dim: Length of a latent vector. A pyramid's holds all levels'
            noise.
        base_filters: Filters of the convolution nearest the image; they
            double towards the middle, up to 8 times this.
        kernel_size: Side of every convolution's kernel.
        convs_per_scale: Convolutions at each scale; the last one has stride
            2, those before it stride 1 (2 in the authors' ImageNet network).
        num_classes: Labels that condition both networks; 0 for none.
        family: Of `FAMILIES`. What is said above of convolutions is
            DCGAN's.
        hidden_units: Units of each hidden dense layer of the fully connected
            G, whose D has a fifth of them, or of a pyramid's coarsest G and
            D; 0 where there are none.
        spectral_norm: Whether each kernel of D is divided by its largest
            singular value (Miyato et al., 2018; not in the paper).
        discriminator_batch_norm: Whether D has batch norm, as in the paper.
            Its convolutions have biases where it hasn't.
    """

    image_size: tuple[int, int] = (64, 64)
    channels: int = 3
    latent_dim: int = 100
    base_filters: int = 128
    kernel_size: int = 5
    convs_per_scale: int = 1
    num_classes: int = 0
    family: str = "dcgan"
    hidden_units: int = 0
    spectral_norm: bool = False
    discriminator_batch_norm: bool = True

    def __post_init__(self):
        size = read_image_size(self.image_size)
        object.__setattr__(self, "image_size", size)  # It is frozen.
        normalize_settings(self)
        check_family(self.family)
        if self.channels not in (1, 3, 4):
            raise ValueError(
                f"channels is {self.channels}; use 1 (grey), 3 (RGB) or 4 "
                "(RGBA)"
            )
        if self.channels == 4 and self.family != "dcgan":
            raise ValueError(
                f"channels is 4, and the family {self.family} draws grey and "
                "RGB images alone; use 1 or 3, or the family dcgan"
            )
        check_latent_dim(self.family, self.latent_dim, self.image_size)
        for name in (
            "base_filters",
            "kernel_size",
            "convs_per_scale",
        ):
            check_at_least(name, getattr(self, name), 1)
        if self.kernel_size < 2:
            raise ValueError(
                f"kernel_size is {self.kernel_size}; a stride-2 convolution "
                "needs at least 2 to see every pixel (the paper uses 5)"
            )
        check_at_least("num_classes", self.num_classes, 0)
        has_units = "hidden_units" not in FAMILIES[self.family].unused
        check_at_least(
            "hidden_units", self.hidden_units, MAXOUT_PIECES * has_units
        )
        check_unchanged(self.family, self)

    @property
    def plain(self) -> "ModelConfig":
        """The same networks without spectral norm, as they are used.

        What normalises D's kernels is folded into them once D is trained.
        """
        return dataclasses.replace(self, spectral_norm=False)

    @property
    def papers(self) -> "ModelConfig":
        """The same networks with the paper's D, which other tasks train."""
        return dataclasses.replace(
            self, spectral_norm=False, discriminator_batch_norm=True
        )

    @property
    def features_refusal(self) -> str | None:
        """Why D has no features of images alone; None where it has."""
        # First the family's: without labels it would have none either.
        if refusal := FAMILIES[self.family].features_refusal:
            return refusal
        if self.num_classes:
            return (
                "a conditional discriminator needs a label to see an image, "
                "so it has no features of images alone; train without labels"
            )
        return None

    @property
    def num_scales(self) -> int:
        """Number of stride-2 convolutions between image and start map."""
        return count_scales(min(self.image_size))

    @property
    def start_size(self) -> tuple[int, int]:
        """`(height, width)` of the smallest map, that latents project to."""
        height, width = self.image_size
        return height >> self.num_scales, width >> self.num_scales

    @property
    def convolutions(self) -> tuple[tuple[int, int], ...]:
        """D's `(filters, stride)`, from the image inwards; G mirrors it."""
        strides = (1,) * (self.convs_per_scale - 1) + (2,)
        return tuple(
            (self.base_filters * min(2**scale, 8), stride)
            for scale in range(self.num_scales)
            for stride in strides
        )
