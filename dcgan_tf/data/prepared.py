"""Opens a TensorFlow Datasets (TFDS) dataset with one image feature.

Whatever is missing is found out within seconds: TFDS itself would retry a
download for minutes.
"""

import dataclasses
import hashlib
import os

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from dcgan_tf.config import DataConfig
from dcgan_tf.data.downloads import find_builder, make_readable
from dcgan_tf.data.files.records import RecordIndex
from dcgan_tf.data.fingerprint import fingerprint_named
from dcgan_tf.data.skipped import Skipped
from dcgan_tf.data.source import Source

# Looked for in this order where a dataset has no split of that name.
_HELD_OUT_SPLITS = ("test", "validation")

_BITS_OVER_8 = {tf.uint8: 0, tf.uint16: 8}


@dataclasses.dataclass(frozen=True)
class _Fields:
    """Which of a dataset's features are the image and its labels."""

    features: tfds.features.FeaturesDict
    image: str
    label: str | None
    label_names: tuple[str, ...]
    attribute_names: tuple[str, ...]

    @property
    def dtype(self) -> tf.DType:
        """That of the images."""
        return tf.as_dtype(self.features[self.image].np_dtype)

    def parse_record(self, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Decodes no more of a record than is needed."""
        wanted = [self.image, self.label] if self.label else [self.image]
        features = tfds.features.FeaturesDict(
            {name: self.features[name] for name in wanted}
        )
        return self.parse(features.deserialize_example(contents))

    def parse(self, example: dict) -> tuple[tf.Tensor, tf.Tensor]:
        """Turns a decoded example into `(image, label)`."""
        image = example[self.image]
        shift = _BITS_OVER_8[image.dtype]
        image = tf.cast(tf.bitwise.right_shift(image, shift), tf.uint8)
        if self.attribute_names:
            values = example[self.label]
            label = tf.stack([values[name] for name in self.attribute_names])
        else:
            label = example[self.label] if self.label else -1
        return image, tf.cast(label, tf.int32)


def load_prepared(
    data: DataConfig, split: str | None, excluded: frozenset[str] = frozenset()
) -> Source:
    """Opens a TFDS dataset, preparing it if need be.

    Datasets in TFRecord files are read at any position; others in order
    only, and need a cache.

    Args:
        data: `dataset` (`name`, `name/config` or `name:version`), `data_dir`,
            `manual_dir` and `split` are used.
        split: Its name; None for what is trained on.
        excluded: TFDS ids (`<file>__<number>`) to leave out.

    Returns:
        The source. Class labels, or else a feature of yes-or-no attributes
        such as `celeb_a` has, are its labels.

    Raises:
        ValueError: If the dataset or the split doesn't exist, or it has no
            or several image features.
        OSError: If it is neither prepared nor to be had, saying what to do.
    """
    builder = find_builder(data)
    fields = _find_fields(builder)  # Before a download that would be in vain.
    make_readable(builder, data)
    split = _choose_split(builder, data, split)
    names = _list_names(builder, split)
    count = len(names) or _count(builder, split, fields)
    if not count:
        raise ValueError(f"{data.dataset} has no images in split {split!r}")
    kept = np.array(
        [i for i in range(count) if _name(names, i) not in excluded]
        if excluded
        else range(count),
        np.int64,
    )
    index = _index_records(builder, split)
    contents = f"{builder.info.full_name} {split} {count} {sorted(excluded)}"
    skipped = Skipped()
    skipped.are_all_cut = _BITS_OVER_8[fields.dtype] > 0
    return Source(
        name=data.dataset,
        split=split,
        num_examples=len(kept),
        fingerprint=hashlib.sha256(contents.encode()).hexdigest(),
        read_all=lambda: _read_all(builder, split, fields, kept, count),
        read=index and _make_read(index, fields, kept),
        name_of=lambda position: _name(names, kept[position]),
        label_names=fields.label_names,
        attribute_names=fields.attribute_names,
        num_excluded=count - len(kept),
        skipped=skipped,
        fingerprint_images=lambda: fingerprint_named(
            f"{_name_contents(builder)} {split}", count
        ),
    )


def _name_contents(builder: tfds.core.DatasetBuilder) -> str:
    """Names a dataset with that part of its version that images depend on.

    TFDS counts up the major version when the same splits hold other data.
    """
    *name, version = builder.info.full_name.split("/")
    return "/".join([*name, version.split(".")[0]])


def _find_fields(builder: tfds.core.DatasetBuilder) -> _Fields:
    features = builder.info.features
    image = _find_image(builder)
    keys = (builder.info.supervised_keys or ())[1:] + ("label",)
    for key in keys:
        feature = features[key] if key in features else None
        if isinstance(feature, tfds.features.ClassLabel) and feature.names:
            return _Fields(features, image, key, tuple(feature.names), ())
    for key, feature in features.items():
        if isinstance(feature, tfds.features.FeaturesDict) and all(
            part.shape == () and part.np_dtype == np.bool_
            for part in feature.values()
        ):
            return _Fields(features, image, key, (), tuple(feature))
    return _Fields(features, image, None, (), ())


def _find_image(builder: tfds.core.DatasetBuilder) -> str:
    features = builder.info.features
    if not isinstance(features, tfds.features.FeaturesDict):
        raise ValueError(
            f"{builder.info.full_name} has a {type(features).__name__} in each "
            "example and no features by name; a dataset with one image is "
            "needed"
        )
    images = [
        name
        for name, feature in features.items()
        # Masks are a subclass of images.
        if type(feature) is tfds.features.Image
    ]
    supervised = (builder.info.supervised_keys or (None,))[0]
    if len(images) > 1 and supervised in images:
        images = [supervised]
    if len(images) != 1:
        raise ValueError(
            f"{builder.info.full_name} has {len(images)} image features "
            f"among {', '.join(features)}; a dataset with one is needed"
        )
    dtype = tf.as_dtype(features[images[0]].np_dtype)
    if dtype not in _BITS_OVER_8:
        raise ValueError(
            f"{builder.info.full_name} has {dtype.name} images; uint8 and "
            "uint16 ones can be used"
        )
    return images[0]


def _choose_split(
    builder: tfds.core.DatasetBuilder, data: DataConfig, split: str | None
) -> str:
    available = list(builder.info.splits)  # None are known of mock data.
    if split is None:
        split = data.split or (
            "train" if "train" in available or not available else available[0]
        )
    elif split == "test" and available:
        held_out = [name for name in _HELD_OUT_SPLITS if name in available]
        split = held_out[0] if held_out else split
    try:
        builder.info.splits[split] if available else None
    except (KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{data.dataset} has no split {split!r}; it has "
            f"{', '.join(available)} ({reason})"
        ) from None
    return split


def _list_files(builder: tfds.core.DatasetBuilder, split: str) -> list:
    if not builder.info.splits:
        return []
    return builder.info.splits[split].file_instructions


def _list_names(
    builder: tfds.core.DatasetBuilder, split: str
) -> list[tuple[str, int]]:
    """TFDS ids in the files' order, in two parts to share the file names."""
    return [
        (os.path.basename(part.filename), number)
        for part in _list_files(builder, split)
        for number in range(part.skip, part.skip + part.take)
    ]


def _name(names: list[tuple[str, int]], position: int) -> str:
    if not names:
        return str(position)
    return "{}__{}".format(*names[position])


def _read_in_order(builder, split: str, decoders=None) -> tf.data.Dataset:
    return builder.as_dataset(
        split=split,
        decoders=decoders,
        shuffle_files=False,
        # One file after another: the order that the names are in.
        read_config=tfds.ReadConfig(
            interleave_cycle_length=1, try_autocache=False
        ),
    )


def _count(builder, split: str, fields: _Fields) -> int:
    undecoded = {fields.image: tfds.decode.SkipDecoding()}
    dataset = _read_in_order(builder, split, undecoded)
    return int(dataset.reduce(np.int64(0), lambda count, _: count + 1))


def _read_all(
    builder, split: str, fields: _Fields, kept: np.ndarray, count: int
) -> tf.data.Dataset:
    dataset = _read_in_order(builder, split)
    if len(kept) < count:
        is_kept = np.zeros(count, bool)
        is_kept[kept] = True
        is_kept = tf.constant(is_kept)
        dataset = dataset.enumerate().filter(lambda i, _: is_kept[i])
        dataset = dataset.map(lambda _, example: example)
    return dataset.map(fields.parse, num_parallel_calls=tf.data.AUTOTUNE)


def _index_records(
    builder: tfds.core.DatasetBuilder, split: str
) -> RecordIndex | None:
    files = _list_files(builder, split)
    file_format = builder.info.file_format
    is_local = all(os.path.exists(part.filename) for part in files)
    if not files or not is_local or file_format is None:
        return None
    if file_format is not tfds.core.FileFormat.TFRECORD:
        return None
    return RecordIndex([(p.filename, p.skip, p.take) for p in files])


def _make_read(index: RecordIndex, fields: _Fields, kept: np.ndarray):
    def read_one(position):
        contents = tf.numpy_function(
            lambda i: index.read(kept[i]), [position], tf.string, stateful=False
        )
        return fields.parse_record(tf.ensure_shape(contents, ()))

    return lambda positions: positions.map(
        read_one, num_parallel_calls=tf.data.AUTOTUNE
    )
