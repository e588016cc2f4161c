"""Flags of `train`, and the settings of a run that they become."""

import os

from absl import flags

from dcgan_tf.cli.command import UsageError
from dcgan_tf.cli.defaults import add_default, define_settings
from dcgan_tf.cli.path_flags import define_path, define_seed
from dcgan_tf.config import (
    BATCH_NORMS,
    CACHES,
    FITS,
    LOSSES,
    PRECISIONS,
    STRATEGIES,
    UPDATES,
    RunConfig,
)
from dcgan_tf.families import FAMILIES, OPTIMIZERS
from dcgan_tf.presets import PRESETS, resolve_run_config
from dcgan_tf.recipes import RECIPES

_STRINGS = {
    "condition_on": "Name of one of several attributes, or of a column of "
    "--labels, to condition both networks on.",
    "dataset": "mnist_5k (embedded), toy_faces (drawn), or an image dataset "
    "of TFDS: celeb_a, mnist, cifar10, svhn_cropped, ...",
    "split": "Split to train on, such as 'train[:90%]'.",
    "background": "Colour under transparent pixels, and around images "
    "with --fit=pad: a name or #rrggbb.",
    "image_size": "Size of the images in pixels, SIDE or HEIGHTxWIDTH, 16 to "
    "256.",
    "strategy": f"One of {', '.join(STRATEGIES)}. tpu, and multi_worker under "
    "Slurm, are experimental: never run on such machines.",
    "tpu": "Name or address of the TPU, for --strategy=tpu (experimental).",
}
_PATHS = {
    "image_dir": "Folder of your own images, nested or flat; or a .zip, .tar, "
    ".npy or .npz file of them.",
    "held_out_dir": "Folder of other images to evaluate on; none of "
    "--image_dir are then held out.",
    "data_dir": "Folder where TFDS keeps prepared datasets.",
    "manual_dir": "Folder where TFDS finds files fetched by hand.",
    "exclude": "File of image names to leave out, one a line.",
    "labels": "Table of the labels of a folder's images: CSV of names and "
    "labels, CelebA's text, or the dataset.json of StyleGAN's tools.",
    "run_dir": "The run's folder; an unfinished run there is resumed.",
    "init_from": "RUN or RUN@STEP: start a new run from another's networks.",
}
# Recorded whole: a run is resumed and evaluated from other folders too.
_DATA_PATHS = (
    "image_dir", "held_out_dir", "data_dir", "manual_dir", "exclude", "labels",
)  # fmt: skip
_INTEGERS = {
    "crop": "Side in pixels of the centre square cut out before resizing; 0 "
    "for the largest crop of the images' aspect.",
    "channels": "Channels of the images: 1 (grey), 3 (RGB) or 4 (RGBA, which "
    "keeps transparency).",
    "latent_dim": "Numbers in a latent.",
    "base_filters": "Filters of the convolution nearest the image; deeper "
    "ones have 2, 4 and up to 8 times as many.",
    "kernel_size": "Side of every kernel, in pixels.",
    "hidden_units": "Units of G's dense hidden layers: of gan, whose D has a "
    "fifth, or of both networks at lapgan's coarsest level.",
    "steps": "Training steps: updates of each network.",
    "batch_size": "Images a step, over all replicas.",
    "accumulate": "Equal parts that each replica's images are computed in, to "
    "take less memory: gradients are added up and applied once; batch norm "
    "sees the parts. 1 for whole batches; it divides --batch_size.",
    "steps_per_call": "Steps that TensorFlow does in one call, with the same "
    "results; 0 to choose by a step's time.",
    "report_every": "Steps between lines of metrics.",
    "sample_every": "Steps between sample grids.",
    "checkpoint_every": "Steps between checkpoints.",
    "eval_every": "Steps between evaluations that find the best checkpoint; 0 "
    "for none.",
    "patience": "Evaluations in a row without a better one after which it "
    "ends; 0 for never.",
    "keep_checkpoints": "Latest checkpoints to keep.",
    "penalty_every": "Steps between gradient penalties, which then count so "
    "many times.",
    "cpu_devices": "Logical devices to split the CPU into, to try "
    "--strategy=mirrored without GPUs.",
}
_FLOATS = {
    "learning_rate": "Learning rate, for both networks; sgd's falls from it.",
    "discriminator_learning_rate": "Learning rate of D, where it isn't G's.",
    "r1_weight": "Zero-centred gradient penalty of D on real images; 0 for "
    "none.",
    "r2_weight": "The same on generated images.",
    "diff_augment_target": "Augment so often that the mean sign of D's logits "
    "on real images stays at this value, such as 0.6; 0 to augment every "
    "image. Needs --diff_augment.",
    "ema_warmup": "At first the averages are over the last 1 / ema_warmup of "
    "the steps so far; a smaller value averages over more of them.",
    "beta_1": "Adam's decay rate of the first moment, from 0 to 1.",
    "ema_decay": "Decay rate of the moving averages of the weights, a step; 0 "
    "turns them off, as in the paper.",
    "label_smoothing": "Subtracted from D's target of 1 for real images.",
    "weight_decay": "L2 coefficient on every parameter.",
}
_BOOLEANS = {
    "all_pages": "Take each page of a TIFF file for an image, not the first "
    "alone.",
    "flip": "Mirror half of the images left to right.",
    "conditional": "Condition both networks on the classes.",
    "deterministic": "Give the same bits each time; slower on a GPU. It holds "
    "for the rest of the process.",
    "allow_fewer_images": "Resume though images that the run was trained on "
    "are gone.",
    "diff_augment": "Differentiable augmentation before D, for few images.",
    "spectral_norm": "Divide D's kernels by their largest singular value.",
    "discriminator_batch_norm": "Batch norm in D; it has biases without.",
}
_ENUMS = {
    "recipe": (
        tuple(RECIPES),
        "A set of choices, each a flag of its own that wins over it: paper, or "
        "small, with a gradient penalty, for collections of your own.",
    ),
    "loss": (
        LOSSES,
        "cross_entropy, the paper's; hinge; relativistic, which compares real "
        "and generated images in pairs.",
    ),
    "family": (
        tuple(FAMILIES),
        "Networks, and the training of their paper: dcgan (2015); gan, the "
        "fully connected one (2014); lapgan, the Laplacian pyramid (2015).",
    ),
    "optimizer": (
        OPTIMIZERS,
        "adam, or sgd with the schedules of the family's paper.",
    ),
    "updates": (
        UPDATES,
        "joint: both networks learn from the same generated images and the "
        "same D; alternating: D first, then G through the updated D on new "
        "latents, as in the authors' code.",
    ),
    "batch_norm": (
        BATCH_NORMS,
        "On several replicas: synchronised, as one device would train; or "
        "replica, by the statistics of each replica's images alone, which is "
        "faster and another result.",
    ),
    "fit": (
        FITS,
        "How images of another aspect than --image_size's come to it: crop "
        "cuts the centre, pad fills up with the background, stretch distorts.",
    ),
    "preset": (tuple(PRESETS), "Networks to start from."),
    "cache": (
        CACHES,
        "Where decoded images are kept; auto chooses by their size.",
    ),
    "precision": (
        PRECISIONS,
        "Of the computations; auto is mixed_bfloat16 where the hardware has "
        "it, else float32.",
    ),
}
# Flags that are no setting of the run's.
_OTHER_FLAGS = (
    "run_dir",
    "init_from",
    "conditional",
    "cpu_devices",
    "allow_fewer_images",
)


def define_train_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags; None stands for the dataset's default."""
    for define, table in (
        (flags.DEFINE_string, _STRINGS),
        (flags.DEFINE_integer, _INTEGERS),
        (flags.DEFINE_float, _FLOATS),
        (flags.DEFINE_boolean, _BOOLEANS),
        (define_path, _PATHS),
    ):
        define_settings(define, table, values)
    seed_help = "Decides initial weights, order of images and latents."
    define_seed(
        None, add_default("seed", seed_help), values, is_of_training=True
    )
    for name, (choices, help_text) in _ENUMS.items():
        help_text = add_default(name, help_text)
        flags.DEFINE_enum(name, None, choices, help_text, flag_values=values)


def build_config(
    values: flags.FlagValues,
    kept: RunConfig | None = None,
    may_resume: bool = False,
) -> RunConfig:
    """Turns flags into a run's settings.

    Args:
        values: The command's flags.
        kept: The settings of a run that is resumed.
        may_resume: As `resolve_run_config` takes it.

    Raises:
        UsageError: If a value is out of range or contradicts another.
    """
    names = {
        *_STRINGS, *_PATHS, *_INTEGERS, *_FLOATS, *_BOOLEANS, *_ENUMS, "seed"
    }  # fmt: skip
    settings = {
        name: values[name].value for name in names.difference(_OTHER_FLAGS)
    }
    if values.conditional is False and values.condition_on is not None:
        raise UsageError(
            f"--condition_on={values.condition_on} is what a conditional run "
            "is conditioned on, and --noconditional is given; give one"
        )
    try:
        for name in _DATA_PATHS:
            if settings[name] is not None:
                settings[name] = os.path.abspath(settings[name])
        config = resolve_run_config(settings, kept, may_resume)
        config.training.check_cpu_devices(values.cpu_devices)
        return config
    except ValueError as error:
        raise UsageError(error) from error
