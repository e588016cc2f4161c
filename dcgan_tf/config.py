"""The settings of a run: frozen dataclasses, their ranges and their JSON.

Everything that decides a run's result is in a `RunConfig`. It imports no
TensorFlow, so a command can refuse a bad flag before anything slow happens.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from dcgan_tf.families import (
    ADAM,
    FAMILIES,
    MAXOUT_PIECES,
    OPTIMIZERS,
    check_family,
    check_latent_dim,
    check_optimizer,
    check_unchanged,
)
from dcgan_tf.image_sizes import check_image_size, count_scales

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
FITS = ("crop", "pad", "stretch")
# How much of a collection is held out: of all but the smallest; of large
# ones alone, as in version 0.1.0; or none, as others are named.
HOLD_OUT = ("auto", "large", "none")
CACHES = ("auto", "memory", "disk", "off")
JOINT, ALTERNATING = "joint", "alternating"
UPDATES = (JOINT, ALTERNATING)
CROSS_ENTROPY, HINGE, RELATIVISTIC = "cross_entropy", "hinge", "relativistic"
LOSSES = (CROSS_ENTROPY, HINGE, RELATIVISTIC)


_DISCRIMINATORS_OWN = ("spectral_norm", "discriminator_batch_norm")
_PENALTIES = ("r1_weight", "r2_weight")


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The shape of a generator and its mirrored discriminator.

    A side of `start * 2**num_scales` pixels is reached by `num_scales`
    stride-2 convolutions from a start of 4 to 7 (Radford et al., 2016,
    Section 3 and Figure 1, which has 4 * 2**4).

    Attributes:
        image_size: `(height, width)` in pixels, each up to 256.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA, of the family `dcgan`; see
            `data/transparency.py`).
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
        check_family(self.family)
        check_image_size(self.image_size)
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
            _check_at_least(name, getattr(self, name), 1)
        if self.kernel_size < 2:
            raise ValueError(
                f"kernel_size is {self.kernel_size}; a stride-2 convolution "
                "needs at least 2 to see every pixel (the paper uses 5)"
            )
        _check_at_least("num_classes", self.num_classes, 0)
        has_units = "hidden_units" not in FAMILIES[self.family].unused
        _check_at_least(
            "hidden_units", self.hidden_units, MAXOUT_PIECES * has_units
        )
        if self.hidden_units and not has_units:
            raise ValueError(
                f"hidden_units is {self.hidden_units}, and the family "
                f"{self.family} has no hidden dense layers; leave it 0"
            )
        check_unchanged(self.family, self, _DISCRIMINATORS_OWN)

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
        if self.num_classes:
            return (
                "a conditional discriminator needs a label to see an image, "
                "so it has no features of images alone; train without labels"
            )
        return FAMILIES[self.family].features_refusal

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


def _check_at_least(name: str, value: float, least: float) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")


def _check_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(
            f"{name} is {value!r}; use one of {', '.join(choices)}"
        )


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where images come from and how one becomes a training image.

    Attributes:
        dataset: An embedded dataset, `image_folder`, or a TFDS name.
        image_dir: The folder, for `image_folder` only.
        data_dir: Where TFDS keeps prepared datasets; None for its default.
        manual_dir: Where TFDS finds files downloaded by hand.
        split: A TFDS split such as `train` or `train[:80%]`; None for the
            dataset's default.
        crop: Side in pixels of the square cut from an image's centre before
            resizing; 0 for the largest centre crop of the target's aspect.
        fit: Of `FITS`: how an image of another aspect than the target's
            comes to it. `crop` cuts the largest centred part of that aspect,
            `pad` keeps all and fills up with the background, `stretch`
            resizes height and width apart.
        background: Colour (a Pillow name or `#rrggbb`) under transparent
            images and around those that are padded.
        cache: Where decoded images are kept: `memory`, `disk`, `off`, or
            `auto` to choose by size.
        exclude: A text file of image names to leave out, one a line.
        flip: Whether to mirror half the training images left to right.
        folder_splits: Whether an image folder's `train`, `test`, `val`,
            `valid` and `validation` are splits rather than classes. Not in
            runs of version 0.1.0, which keep what they were trained on.
        labels: A table of the labels of an image folder's images; None for
            those of the folder.
        condition_on: Name of one of several attributes, or of a column of
            `labels`: the label that counts. None where there is only one.
        hold_out: How much of an image folder without such splits is held
            out from training: of `HOLD_OUT`. Runs that don't
            say held out of 1,000 images or more, and keep to it.
        held_out_dir: A folder of other images, to evaluate on in place of
            those held out.
        alpha: Whether images keep their transparency. A `RunConfig` sets it
            by its networks' channels.
        all_pages: Whether each page of a TIFF file is an image.
        level_range: Of grey images of more than 8 bits, the lowest level,
            and the one that would be 256; None where there are none such,
            or before the collection's is known. Runs that don't say took
            the upper 8 of 16 bits, and keep to it.
    """

    dataset: str = "mnist_5k"
    image_dir: str | None = None
    data_dir: str | None = None
    manual_dir: str | None = None
    split: str | None = None
    crop: int = 0
    fit: str = "crop"
    background: str = "white"
    cache: str = "auto"
    exclude: str | None = None
    flip: bool = False
    folder_splits: bool = True
    labels: str | None = None
    condition_on: str | None = None
    hold_out: str = "auto"
    held_out_dir: str | None = None
    alpha: bool = False
    all_pages: bool = False
    level_range: tuple[float, float] | None = None

    def __post_init__(self):
        _check_at_least("crop", self.crop, 0)
        _check_one_of("cache", self.cache, CACHES)
        _check_one_of("fit", self.fit, FITS)
        _check_one_of("hold_out", self.hold_out, HOLD_OUT)
        if (self.dataset == "image_folder") != (self.image_dir is not None):
            raise ValueError(
                f"dataset {self.dataset!r} with image_dir {self.image_dir!r}: "
                "name a dataset or an image folder, not both"
            )
        if self.labels is not None and self.image_dir is None:
            raise ValueError(
                f"labels {self.labels!r} are for an image folder, and dataset "
                f"{self.dataset!r} has its own"
            )
        if self.level_range is not None:
            low, high = self.level_range
            if not low < high:
                raise ValueError(
                    f"level_range is {self.level_range}; the first number is "
                    "the lower one"
                )


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """How two networks are trained.

    The defaults are the paper's (Section 4) except where said.

    Attributes:
        steps: Updates of each network.
        batch_size: Images a step, over all replicas.
        optimizer: Of `OPTIMIZERS`: Adam, or the gradient descent of an
            older family's paper with its schedules of rate and momentum.
        learning_rate: For both networks; the first where it falls.
        beta_1: Adam's first-moment decay.
        seed: Decides initial weights, data order and latents.
        precision: One of `PRECISIONS`.
        strategy: One of `STRATEGIES`.
        tpu: Name or address of the TPU, for the `tpu` strategy.
        deterministic: Whether to use deterministic kernels only.
        ema_decay: Decay of the moving averages of weights that samples,
            features and exports use; 0 turns them off (not in the paper).
        label_smoothing: D's target for real images is 1 minus this
            (Salimans et al., 2016; not in the paper).
        weight_decay: L2 coefficient added to every gradient (the authors'
            code has 1e-5 for faces and 2.5e-5 for MNIST).
        diff_augment: Whether both networks' images pass differentiable
            augmentation before D (Zhao et al., 2020; not in the paper).
        updates: `joint`: both networks' gradients are of the same generated
            images and of the same D; `alternating`: D is updated first, then
            G through the updated D, as in the authors' code.
        loss: Of `LOSSES`; `cross_entropy` is the paper's.
        discriminator_learning_rate: D's, where it isn't G's `learning_rate`
            (Heusel et al., 2017, arXiv 1706.08500; not in the paper).
        r1_weight: Of the zero-centred gradient penalty on real images
            (Mescheder et al., 2018; not in the paper); 0 for none.
        r2_weight: The same on generated images.
        penalty_every: Steps between gradient penalties, which then count so
            many times (Karras et al., 2020).
        diff_augment_target: What the mean sign of D's logits on real images
            is held at by augmenting more or fewer images (Karras et al.,
            2020, arXiv 2006.06676); 0 to augment all.
        ema_warmup: Until `ema_decay` allows for longer ones, averages are
            over the last 1 / `ema_warmup` of all steps.
        report_every: Steps between lines of metrics.
        sample_every: Steps between sample grids.
        checkpoint_every: Steps between checkpoints.
        eval_every: Steps between evaluations that choose the best
            checkpoint; 0 for none.
        patience: Evaluations in a row without a better one after which
            training ends; 0 for all `steps`, come what may.
        keep_checkpoints: How many of the last checkpoints stay on disk.
        init_from: `RUN@STEP`, the absolute path and the checkpoint of the
            run whose networks this one started from; None for initial
            weights.
    """

    steps: int = 10_000
    batch_size: int = 128
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    optimizer: str = ADAM
    seed: int = 0
    precision: str = "auto"
    strategy: str = "auto"
    tpu: str | None = None
    deterministic: bool = False
    ema_decay: float = 0.999
    label_smoothing: float = 0.0
    weight_decay: float = 0.0
    diff_augment: bool = False
    updates: str = JOINT
    loss: str = CROSS_ENTROPY
    discriminator_learning_rate: float | None = None
    r1_weight: float = 0.0
    r2_weight: float = 0.0
    penalty_every: int = 16
    diff_augment_target: float = 0.0
    ema_warmup: float = 9.0
    report_every: int = 50
    sample_every: int = 500
    checkpoint_every: int = 500
    eval_every: int = 0
    patience: int = 0
    keep_checkpoints: int = 3
    init_from: str | None = None

    def __post_init__(self):
        _check_one_of("precision", self.precision, PRECISIONS)
        _check_one_of("optimizer", self.optimizer, OPTIMIZERS)
        _check_one_of("updates", self.updates, UPDATES)
        _check_one_of("loss", self.loss, LOSSES)
        if self.strategy == "parameter_server":
            raise ValueError(
                "strategy 'parameter_server' is not supported by Keras 3; "
                "use 'multi_worker', which keeps every worker's copy equal"
            )
        _check_one_of("strategy", self.strategy, STRATEGIES)
        for name in (
            "steps",
            "batch_size",
            "report_every",
            "sample_every",
            "checkpoint_every",
            "keep_checkpoints",
            "penalty_every",
            "ema_warmup",
        ):
            _check_at_least(name, getattr(self, name), 1)
        for name in (
            "seed", "eval_every", "patience", "weight_decay", "r1_weight",
            "r2_weight",
        ):  # fmt: skip
            _check_at_least(name, getattr(self, name), 0)
        for name in (
            "beta_1", "ema_decay", "label_smoothing", "diff_augment_target",
        ):  # fmt: skip
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be in [0, 1)"
                )
        if self.patience and not self.eval_every:
            raise ValueError(
                f"patience {self.patience} counts evaluations, and eval_every "
                "is 0, so that there are none; give both"
            )
        for name, rate in (
            ("learning_rate", self.learning_rate),
            ("discriminator_learning_rate", self.rates[1]),
        ):
            if not 0 < rate < float("inf"):
                raise ValueError(f"{name} is {rate}; it must be positive")
        self._check_choices()
        if self.tpu is not None and self.strategy != "tpu":
            raise ValueError(
                f"tpu {self.tpu!r} is given with strategy "
                f"{self.strategy!r}; use strategy 'tpu'"
            )

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rates of G and of D."""
        own = self.discriminator_learning_rate
        return self.learning_rate, self.learning_rate if own is None else own

    @property
    def has_penalty(self) -> bool:
        """Whether D is penalised for its gradients."""
        return bool(self.r1_weight or self.r2_weight)

    def _check_choices(self) -> None:
        """Refuses settings that contradict each other."""
        if self.label_smoothing and self.loss != CROSS_ENTROPY:
            raise ValueError(
                f"label_smoothing {self.label_smoothing} is of targets, and "
                f"the loss {self.loss!r} has none; leave it 0, or use loss "
                f"{CROSS_ENTROPY!r}"
            )
        if self.diff_augment_target and not self.diff_augment:
            raise ValueError(
                f"diff_augment_target {self.diff_augment_target} says how "
                "often images are augmented, and diff_augment is off; turn it "
                "on too"
            )
        if self.diff_augment_target and self.loss == RELATIVISTIC:
            raise ValueError(
                f"diff_augment_target {self.diff_augment_target} goes by the "
                f"sign of D's logits, which the loss {RELATIVISTIC!r} leaves "
                "without a zero; leave it 0 to augment all images"
            )
        if self.has_penalty and self.precision == "mixed_float16":
            raise ValueError(
                "r1_weight and r2_weight penalise gradients of single pixels, "
                "which are too small for mixed_float16; leave them 0, or use "
                "mixed_bfloat16 or float32"
            )


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """Every setting of one run."""

    model: ModelConfig
    data: DataConfig
    training: TrainingConfig

    def __post_init__(self):
        check_optimizer(self.model.family, self.training.optimizer)
        check_unchanged(self.model.family, self.training, _PENALTIES)
        data = dataclasses.replace(self.data, alpha=self.model.channels == 4)
        object.__setattr__(self, "data", data)  # It is frozen.

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns plain nested dicts, as `from_dict` reads them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> "RunConfig":
        """Builds a config from `to_dict`'s output or its JSON round trip.

        Settings that are missing take their defaults, so that runs of an
        earlier version load.

        Raises:
            ValueError: If a setting is unknown or out of its range.
        """
        try:
            model = dict(values["model"])
            model["image_size"] = tuple(model["image_size"])
            return cls(
                model=ModelConfig(**model),
                data=_read_data(values["data"]),
                training=TrainingConfig(**values["training"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"not a run's configuration: {error}; it was perhaps written "
                "by another version of dcgan_tf"
            ) from error

    def to_json(self, **extra: Any) -> str:
        """Returns indented JSON; `extra` adds top-level entries."""
        return json.dumps({**self.to_dict(), **extra}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """Reads `to_json`'s output.

        Raises:
            ValueError: If the text is no JSON or no run's configuration.
        """
        return cls.from_dict(json.loads(text))


# What runs of earlier versions did that don't say so.
_EARLIER_DATA = {
    "folder_splits": False,
    "level_range": (0, 2**16),
    "hold_out": "large",
}


def _read_data(values: Mapping[str, Any]) -> DataConfig:
    settings = {**_EARLIER_DATA, **values}
    if settings["level_range"] is not None:
        settings["level_range"] = tuple(settings["level_range"])
    return DataConfig(**settings)
