"""The settings of how a run's networks are trained."""

import dataclasses

from dcgan_tf.config.ranges import (
    check_at_least,
    check_one_of,
    check_parts,
    normalize_settings,
)
from dcgan_tf.families import ADAM, OPTIMIZERS

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
MIRRORED = "mirrored"
STRATEGIES = ("auto", "one_device", MIRRORED, "multi_worker", "tpu")
JOINT, ALTERNATING = "joint", "alternating"
UPDATES = (JOINT, ALTERNATING)
CROSS_ENTROPY, HINGE, RELATIVISTIC = "cross_entropy", "hinge", "relativistic"
LOSSES = (CROSS_ENTROPY, HINGE, RELATIVISTIC)
SYNCHRONISED, REPLICA = "synchronised", "replica"
BATCH_NORMS = (SYNCHRONISED, REPLICA)
# Two thousand initial weights have seeds of their own, of 63 bits.
LARGEST_TRAINING_SEED = 2**63 // 2_000 - 1


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
        deterministic: Whether to use deterministic kernels only. They stay
            on in the process that trained with them, as TensorFlow has no
            way to turn them off; so do its seed and that of Keras.
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
        steps_per_call: Steps that TensorFlow does in one call, which changes
            nothing of the result; 0 to choose by a step's time.
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
        accumulate: Parts that each replica's images are computed in, one
            after the other, to take less memory: their gradients are added
            up and applied once. Batch norm sees the parts, so that it is
            another training than that of whole batches.
        batch_norm: Of `BATCH_NORMS`: whether the statistics that batch norm
            trains with are of all replicas' images, or of each replica's
            own; the same on one.
    """

    # Those of version 0.1.0 first, in its order: they may be given by position.
    steps: int = 10_000
    batch_size: int = 128
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    seed: int = 0
    precision: str = "auto"
    strategy: str = "auto"
    tpu: str | None = None
    deterministic: bool = False
    ema_decay: float = 0.999
    label_smoothing: float = 0.0
    weight_decay: float = 0.0
    diff_augment: bool = False
    report_every: int = 50
    sample_every: int = 500
    checkpoint_every: int = 500
    eval_every: int = 0
    keep_checkpoints: int = 3
    optimizer: str = ADAM
    updates: str = JOINT
    loss: str = CROSS_ENTROPY
    discriminator_learning_rate: float | None = None
    r1_weight: float = 0.0
    r2_weight: float = 0.0
    penalty_every: int = 16
    diff_augment_target: float = 0.0
    ema_warmup: float = 9.0
    steps_per_call: int = 0
    patience: int = 0
    init_from: str | None = None
    accumulate: int = 1
    batch_norm: str = SYNCHRONISED

    def __post_init__(self):
        # First, since they say what there is.
        check_one_of("precision", self.precision, PRECISIONS)
        check_one_of("optimizer", self.optimizer, OPTIMIZERS)
        check_one_of("updates", self.updates, UPDATES)
        check_one_of("loss", self.loss, LOSSES)
        check_one_of("batch_norm", self.batch_norm, BATCH_NORMS)
        if self.strategy == "parameter_server":
            raise ValueError(
                "strategy 'parameter_server' is not supported by Keras 3; "
                "use 'multi_worker', which keeps every worker's copy equal"
            )
        check_one_of("strategy", self.strategy, STRATEGIES)
        normalize_settings(self)
        for name in (
            "steps",
            "batch_size",
            "accumulate",
            "report_every",
            "sample_every",
            "checkpoint_every",
            "keep_checkpoints",
            "penalty_every",
            "ema_warmup",
        ):
            check_at_least(name, getattr(self, name), 1)
        for name in (
            "seed", "eval_every", "patience", "weight_decay", "r1_weight",
            "r2_weight", "steps_per_call",
        ):  # fmt: skip
            check_at_least(name, getattr(self, name), 0)
        if self.seed > LARGEST_TRAINING_SEED:
            raise ValueError(
                f"seed is {self.seed}; use 0 to {LARGEST_TRAINING_SEED:,}"
            )
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
        self.check_replicas(1)
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

    def check_replicas(self, num_replicas: int) -> None:
        """Refuses a batch that doesn't divide over replicas and into parts.

        Raises:
            ValueError: Which says what would do.
        """
        batch_size, share = self.batch_size, self.batch_size // num_replicas
        if batch_size % num_replicas:
            raise ValueError(
                f"batch_size {batch_size} is over all replicas and does not "
                f"divide by the {num_replicas} of this strategy; nearest that "
                f"do: {share * num_replicas or num_replicas} or "
                f"{(share + 1) * num_replicas}"
            )
        whose = f"batch_size {batch_size}"
        if num_replicas > 1:
            whose = f"each of {num_replicas} replicas, of {whose},"
        check_parts(whose, share, self.accumulate)

    def check_cpu_devices(self, count: int | None) -> None:
        """Refuses parts of the processor that the strategy doesn't use.

        Args:
            count: How many are asked for; None for one.

        Raises:
            ValueError: Which says what would do.
        """
        if count is not None and count < 1:
            raise ValueError(f"cpu_devices is {count}; it must be at least 1")
        if (count or 1) > 1 and self.strategy != MIRRORED:
            raise ValueError(
                f"cpu_devices {count} is given with strategy "
                f"{self.strategy!r}, which computes on one; use strategy "
                f"{MIRRORED!r}, or leave it out"
            )

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
