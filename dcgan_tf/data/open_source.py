"""Opens a dataset's name or a folder's path as a `Source`.

Embedded datasets, folders and TensorFlow Datasets have a loader file each;
this is the only file that knows all of them.
"""

import dataclasses
import os
from collections.abc import Callable

from dcgan_tf.config import DataConfig
from dcgan_tf.data.exclusion import check_any_left, load_excluded
from dcgan_tf.data.given.arrays import ARRAYS
from dcgan_tf.data.source import Source, match_classes, take_attribute


def load_source(data: DataConfig, split: str | None = None) -> Source:
    """Finds a dataset; reads what it must to know its size and labels.

    Args:
        data: Names the dataset, and what to leave out.
        split: `train` for what `data` trains on, `test` for images held
            out from it, another split's name, or None for `train`.

    Returns:
        The source. `test` is the dataset's `test` split or else its
        `validation`; a folder's is about one image in 20, of fewer than
        1,000 images one in 10, of fewer than 20 none.

    Raises:
        ValueError: If the dataset or the split doesn't exist, or a folder
            holds nothing to train on.
        OSError: If a folder or a dataset is neither here nor to be had.
    """
    excluded = load_excluded(data.exclude)
    source = _open(data, split, excluded)
    # Held-out images have names of their own, which it needn't hold.
    is_training = _name_for_loader(split) is None
    if excluded and not source.num_excluded and is_training:
        raise ValueError(
            f"none of the {len(excluded)} images to exclude, such as "
            f"{min(excluded)!r}, is in {source.name}; was the list made for "
            "another?"
        )
    return source


def load_held_out(data: DataConfig, training: Source) -> Source:
    """Opens images that a run was not trained on.

    Those of `held_out_dir`, where it names some. Otherwise the `test` split,
    unless the run was trained on images of it
    (`--split=test`, `train+test`, a folder's `all`): then `validation` or
    `train`, whichever has none of the training images.

    Args:
        data: What the run was trained on.
        training: Its training images.

    Returns:
        The source; its `split` says which it is.

    Raises:
        ValueError: If nothing is held out, or every other split has
            training images in it.
        OSError: If the dataset isn't there.
    """
    if data.held_out_dir is not None:
        return _open_held_out_dir(data, training)
    if training.split == "train":  # Disjoint, or there is no other split.
        return load_source(data, "test")
    excluded = load_excluded(data.exclude)
    overlaps = []
    for split in ("test", "validation", "train"):
        candidate = dataclasses.replace(data, split=None)
        try:
            source = _open(candidate, split, excluded)
        except ValueError as error:
            overlaps.append(str(error))
            continue
        count = count_common(source, training)
        if not count:
            return source
        overlaps.append(f"{count:,} are in {source.split!r}")
    raise ValueError(
        f"no images of {training.name} are held out from split "
        f"{training.split!r}, which was trained on ({'; '.join(overlaps)}): "
        "train on a part, such as the split 'train', to evaluate on the rest"
    )


def _open_held_out_dir(data: DataConfig, training: Source) -> Source:
    """Opens a folder of other images, prepared as a run's own."""
    from dcgan_tf.data.array_files import is_array_file

    folder = os.path.abspath(os.path.expanduser(data.held_out_dir))
    own = dataclasses.replace(
        data,
        dataset="image_folder",
        image_dir=folder,
        held_out_dir=None,
        exclude=None,
        labels=None,
        condition_on=None,
        split="all",
        # Of files of images alone.
        all_pages=data.all_pages and not is_array_file(folder),
    )
    source = _open(own, "all", frozenset())
    _check_other_images(data, folder, source, training)
    return dataclasses.replace(match_classes(source, training), split=folder)


def _check_other_images(
    data: DataConfig, folder: str, held_out: Source, training: Source
) -> None:
    """Refuses files that a run is trained on, by where they lie."""
    if data.image_dir is None:
        return
    root = os.path.realpath(os.path.expanduser(data.image_dir))
    trained_on = {
        os.path.join(root, training.name_of(i))
        for i in range(training.num_examples)
    }
    folder = os.path.realpath(folder)
    count = sum(
        os.path.join(folder, held_out.name_of(i)) in trained_on
        for i in range(held_out.num_examples)
    )
    if count:
        raise ValueError(
            f"{count:,} of the {held_out.num_examples:,} images of "
            f"held_out_dir {data.held_out_dir!r} are trained on; name a folder "
            "of others"
        )


def count_common(first: Source, second: Source) -> int:
    """Counts the images, by name, that two sources of a dataset share."""
    names = {first.name_of(i) for i in range(first.num_examples)}
    return sum(second.name_of(i) in names for i in range(second.num_examples))


def _open(
    data: DataConfig, split: str | None, excluded: frozenset[str]
) -> Source:
    load = _choose_loader(data)
    source = load(data, _name_for_loader(split), excluded)
    if excluded:
        check_any_left(
            range(source.num_examples), f"{source.name} ({source.split})"
        )
    # A table's column is taken as the table is read.
    if data.condition_on is None or data.labels is not None:
        return source
    return take_attribute(source, data.condition_on)


def _name_for_loader(split: str | None) -> str | None:
    """Returns a split's name; None for what is trained on.

    Which that is the settings say, or else a loader knows.
    """
    return None if split == "train" else split


def _choose_loader(data: DataConfig) -> Callable[..., Source]:
    """Imports what is needed alone: TensorFlow Datasets takes seconds."""
    dataset = data.dataset
    from dcgan_tf.data.embedded import EMBEDDED, load_embedded

    if dataset == ARRAYS:
        raise ValueError(
            "the images are arrays that a program gave to dcgan_tf.train; "
            "they lie in no file or dataset that could be opened: give them "
            "to dcgan_tf.load too, or images as a folder"
        )
    if dataset == "image_folder":
        from dcgan_tf.data.array_files import is_array_file, load_array_file
        from dcgan_tf.data.folders.load_folder import load_folder

        path = os.path.expanduser(data.image_dir)
        if os.path.exists(path) and not (
            os.path.isdir(path) or os.path.isfile(path)
        ):
            raise ValueError(
                f"image folder {path} is a pipe or a device; give a folder, "
                "an archive or a file of arrays"
            )
        is_arrays = is_array_file(path)
        return load_array_file if is_arrays else load_folder
    if dataset in EMBEDDED:
        return load_embedded
    from dcgan_tf.data.prepared import load_prepared

    return load_prepared
