"""The folder of images held out from training, as a program names it."""

import os
import re

from dcgan_tf.presets import DATASETS, resolve_dataset_name


def resolve_held_out_dir(
    place: str | os.PathLike, argument: str = "held_out"
) -> str:
    """Returns the absolute path of a folder of images to evaluate on.

    Other images come from a folder or from arrays: a dataset holds out its
    own, and only when it is trained on.

    Args:
        place: What a program gave.
        argument: As what.

    Raises:
        ValueError: If it is a dataset's name, and no folder of that name is
            there.
    """
    path = os.path.abspath(os.path.expanduser(os.fspath(place)))
    if isinstance(place, str) and not os.path.exists(path):
        base = re.split("[/:]", resolve_dataset_name(place))[0]
        if base in {name.split("/")[0] for name in DATASETS}:
            raise ValueError(
                f"{argument} is {place!r}, the name of a dataset; give a "
                "folder, or images as arrays"
            )
    return path
