"""Flags of a run's settings, for every command that has some of them.

A setting's flag is one line here: its topic and its help. Its kind is that of
the setting's field.
"""

import dataclasses
import typing
from collections.abc import Iterable

from absl import flags

from dcgan_tf.cli.defaults import describe_default
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.config import (
    BATCH_NORMS,
    CACHES,
    FITS,
    LOSSES,
    PATH_SETTINGS,
    PRECISIONS,
    STRATEGIES,
    UPDATES,
    DataConfig,
    ModelConfig,
    TrainingConfig,
)
from dcgan_tf.families import FAMILIES, OPTIMIZERS
from dcgan_tf.presets import PRESETS
from dcgan_tf.recipes import RECIPES

# Topic -> flag -> help without its default, as `train` has them, whose flags
# these are.
SETTINGS = {
    "Run": {
        "run_dir": "The run's folder; an unfinished run there is resumed.",
        "init_from": "RUN or RUN@STEP: start a new run from another's "
        "networks.",
    },
    "Images": {
        "image_dir": "Folder of your own images, nested or flat; or a .zip, "
        ".tar, .npy or .npz file of them.",
        "held_out_dir": "Folder of other images to evaluate on; none of "
        "--image_dir are then held out.",
        "dataset": "mnist_5k (embedded), toy_faces (drawn), or an image "
        "dataset of TFDS: celeb_a, mnist, cifar10, svhn_cropped, ...",
        "split": "Split to train on, such as 'train[:90%]'.",
        "exclude": "File of image names to leave out, one a line.",
        "data_dir": "Folder where TFDS keeps prepared datasets.",
        "manual_dir": "Folder where TFDS finds files fetched by hand.",
        "image_size": "Size of the images in pixels, SIDE or HEIGHTxWIDTH, 16 "
        "to 256.",
        "channels": "Channels of the images: 1 (grey), 3 (RGB) or 4 (RGBA, "
        "which keeps transparency).",
        "crop": "Side in pixels of the centre square cut out before resizing; "
        "0 for the largest crop of the images' aspect.",
        "fit": "How images of another aspect than --image_size's come to it: "
        "crop cuts the centre, pad fills up with the background, stretch "
        "distorts.",
        "background": "Colour under transparent pixels, and around images "
        "with --fit=pad: a name or #rrggbb.",
        "flip": "Mirror half of the images left to right.",
        "cache": "Where decoded images are kept; auto chooses by their size.",
        "labels": "Table of the labels of a folder's images: CSV of names and "
        "labels, CelebA's text, or the dataset.json of StyleGAN's tools.",
        "all_pages": "Take each page of a TIFF file for an image, not the "
        "first alone.",
        "allow_fewer_images": "Resume though images that the run was trained "
        "on are gone.",
    },
    "Networks": {
        "preset": "Networks to start from.",
        "family": "Networks, and the training of their paper: dcgan (2015); "
        "gan, the fully connected one (2014); lapgan, the Laplacian pyramid "
        "(2015).",
        "latent_dim": "Numbers in a latent.",
        "base_filters": "Filters of the convolution nearest the image; deeper "
        "ones have 2, 4 and up to 8 times as many.",
        "kernel_size": "Side of every kernel, in pixels.",
        "hidden_units": "Units of G's dense hidden layers: of gan, whose D "
        "has a fifth, or of both networks at lapgan's coarsest level.",
        "conditional": "Condition both networks on the classes.",
        "condition_on": "Name of one of several attributes, or of a column of "
        "--labels, to condition both networks on.",
        "spectral_norm": "Divide D's kernels by their largest singular value.",
        "discriminator_batch_norm": "Batch norm in D; it has biases without.",
    },
    "Training": {
        "steps": "Training steps: updates of each network.",
        "batch_size": "Images a step, over all replicas.",
        "accumulate": "Equal parts that each replica's images are computed "
        "in, to take less memory: gradients are added up and applied once; "
        "batch norm sees the parts. 1 for whole batches; it divides "
        "--batch_size.",
        "recipe": "A set of choices, each a flag of its own that wins over "
        "it: paper, or small, with a gradient penalty, for collections of "
        "your own.",
        "optimizer": "adam, or sgd with the schedules of the family's paper.",
        "learning_rate": "Learning rate, for both networks; sgd's falls from "
        "it.",
        "discriminator_learning_rate": "Learning rate of D, where it isn't "
        "G's.",
        "beta_1": "Adam's decay rate of the first moment, from 0 to 1.",
        "weight_decay": "L2 coefficient on every parameter.",
        "loss": "cross_entropy, the paper's; hinge; relativistic, which "
        "compares real and generated images in pairs.",
        "label_smoothing": "Subtracted from D's target of 1 for real images.",
        "updates": "joint: both networks learn from the same generated images "
        "and the same D; alternating: D first, then G through the updated D "
        "on new latents, as in the authors' code.",
        "r1_weight": "Zero-centred gradient penalty of D on real images; 0 "
        "for none.",
        "r2_weight": "The same on generated images.",
        "penalty_every": "Steps between gradient penalties; each then counts "
        "so many times.",
        "ema_decay": "Decay rate of the moving averages of the weights, a "
        "step; 0 turns them off, as in the paper.",
        "ema_warmup": "At first the averages are over the last 1 / ema_warmup "
        "of the steps so far; a smaller value averages over more of them.",
        "diff_augment": "Differentiable augmentation before D, for few images.",
        "diff_augment_target": "Augment so often that the mean sign of D's "
        "logits on real images stays at this value, such as 0.6; 0 to augment "
        "every image. Needs --diff_augment.",
    },
    "What is recorded": {
        "report_every": "Steps between lines of metrics.",
        "sample_every": "Steps between sample grids.",
        "checkpoint_every": "Steps between checkpoints.",
        "eval_every": "Steps between evaluations that find the best "
        "checkpoint; 0 for none.",
        "patience": "Evaluations in a row without a better one after which it "
        "ends; 0 for never.",
        "keep_checkpoints": "Latest checkpoints to keep.",
    },
    "Hardware": {
        "precision": "Of the computations; auto is mixed_bfloat16 where the "
        "hardware has it, else float32.",
        "strategy": f"One of {', '.join(STRATEGIES)}. tpu, and multi_worker "
        "under Slurm, are experimental: never run on such machines.",
        "batch_norm": "On several replicas: synchronised, as one device would "
        "train; or replica, by the statistics of each replica's images alone, "
        "which is faster and another result.",
        "tpu": "Name or address of the TPU, for --strategy=tpu (experimental).",
        "cpu_devices": "Logical devices to split the CPU into, to try "
        "--strategy=mirrored without GPUs.",
        "steps_per_call": "Steps that TensorFlow does in one call, with the "
        "same results; 0 to choose by a step's time.",
    },
    "Randomness": {
        "seed": "Decides initial weights, order of images and latents.",
        "deterministic": "Give the same bits each time; slower on a GPU. It "
        "holds for the rest of the process.",
    },
}
HELP_TEXTS = {
    name: text for texts in SETTINGS.values() for name, text in texts.items()
}
_CHOICES = {
    "batch_norm": BATCH_NORMS,
    "cache": CACHES,
    "family": tuple(FAMILIES),
    "fit": FITS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "precision": PRECISIONS,
    "preset": tuple(PRESETS),
    "recipe": tuple(RECIPES),
    "updates": UPDATES,
}
_PATHS = (*PATH_SETTINGS, "run_dir", "init_from")
_KINDS = {
    **{
        field.name: field.type
        for config in (DataConfig, ModelConfig, TrainingConfig)
        for field in dataclasses.fields(config)
    },
    # Given as text, which `resolve_run_config` reads.
    "image_size": str,
    # Flags that are no fields.
    "allow_fewer_images": bool,
    "conditional": bool,
    "cpu_devices": int,
}
_DEFINE = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define_settings(
    names: Iterable[str], values: flags.FlagValues, **other_texts: str
) -> None:
    """Defines flags that are None where a run's defaults are to decide.

    Args:
        names: Of `SETTINGS`.
        values: Where to define them.
        **other_texts: Help, without its default, of settings that mean
            something else to the command.
    """
    for name in names:
        help_text = other_texts.get(name, HELP_TEXTS[name])
        help_text += f" Default: {describe_default(name)}."
        if name == "seed":
            define_seed(None, help_text, values, is_of_training=True)
        elif name in _PATHS:
            define_path(name, None, help_text, values)
        elif name in _CHOICES:
            flags.DEFINE_enum(
                name, None, _CHOICES[name], help_text, flag_values=values
            )
        else:
            kinds = typing.get_args(_KINDS[name]) or (_KINDS[name],)
            define = next(_DEFINE[kind] for kind in kinds if kind in _DEFINE)
            define(name, None, help_text, flag_values=values)
