"""TFDS datasets: any with one image feature, and no waiting for a network."""

import threading

import numpy as np
import pytest
import requests
import tensorflow as tf
import tensorflow_datasets as tfds
from fixtures.celeb_a_files import ATTRIBUTES, write_celeb_a

from dcgan_tf.cli import data as data_command
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data import downloads
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import build_training_dataset, load_images
from dcgan_tf.presets import resolve_run_config

MODEL = ModelConfig((16, 16), 3)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise requests.ConnectionError("no route to host")

    monkeypatch.setattr(requests, "head", refuse)


@pytest.fixture(scope="module")
def celeb_a(tmp_path_factory):
    """CelebA prepared by TFDS from files that are drawn here."""
    root = tmp_path_factory.mktemp("celeb_a")
    values = write_celeb_a(root / "manual")
    data = DataConfig(
        dataset="celeb_a",
        data_dir=str(root / "data"),
        manual_dir=str(root / "manual"),
        crop=108,
    )
    load_source(data)
    return data, values


@pytest.mark.parametrize(
    ("dataset", "channels", "num_classes", "num_attributes"),
    [
        ("mnist", 1, 10, 0),
        ("fashion_mnist", 1, 10, 0),
        ("cifar10", 3, 10, 0),
        ("svhn_cropped", 3, 10, 0),
        ("stl10", 3, 10, 0),
        ("oxford_flowers102", 3, 102, 0),
        ("imagenet_resized/32x32", 3, 1000, 0),
        ("downsampled_imagenet/32x32", 3, 0, 0),
        ("lsun/bedroom", 3, 0, 0),
        ("lsun/cat:3.*.*", 3, 0, 0),
        ("celeb_a", 3, 0, 40),
        ("omniglot", 3, 0, 0),
    ],
)
def test_any_dataset_gives_batches(
    tmp_path, dataset, channels, num_classes, num_attributes
):
    config = resolve_run_config(
        {
            "dataset": dataset,
            "image_size": (16, 16),
            "data_dir": str(tmp_path),
        }
    )
    with tfds.testing.mock_data(num_examples=9):
        source = load_source(config.data)
        assert source.num_examples == 9
        assert len(source.attribute_names) == num_attributes
        if dataset != "omniglot":  # Labelled, in a way of its own.
            assert source.num_classes == num_classes
        batches = build_training_dataset(
            source,
            config.model,
            config.data,
            batch_size_per_replica=4,
            global_batch_size=4,
            seed=0,
            with_labels=True,
        )
        ((images, labels),) = list(batches.take(1).as_numpy_iterator())
    assert images.shape == (4, 16, 16, channels)
    assert np.abs(images).max() <= 1 and images.std() > 0.02
    assert labels.shape == ((4, num_attributes) if num_attributes else (4,))


def test_dataset_of_one_order_needs_a_cache(tmp_path):
    data = DataConfig(dataset="cifar10", data_dir=str(tmp_path), cache="off")
    with tfds.testing.mock_data(num_examples=9):
        source = load_source(data)
        with pytest.raises(ValueError, match="cache memory or disk"):
            build_training_dataset(
                source,
                MODEL,
                data,
                batch_size_per_replica=2,
                global_batch_size=2,
                seed=0,
            )


def test_celeb_a_prepared_from_files_given_by_hand(celeb_a):
    data, values = celeb_a
    source = load_source(data)
    assert source.num_examples == 24
    assert source.attribute_names == tuple(ATTRIBUTES)
    images, labels = load_images(source, ModelConfig((64, 64)), data)
    assert images.shape == (24, 64, 64, 3)
    assert sorted(map(tuple, labels)) == sorted(
        tuple((row > 0).astype(int)) for row in list(values.values())[:24]
    )
    # The drawn mouth's ends are above its middle where the face smiles.
    mouth = images[:, 36:56, 14:50, 1].astype(int) < 60
    ends = [np.argwhere(m[:, [8, 27]])[:, 0].mean() for m in mouth]
    middles = [np.argwhere(m[:, 16:20])[:, 0].mean() for m in mouth]
    smiles = labels[:, ATTRIBUTES.index("Smiling")].astype(bool)
    np.testing.assert_array_equal(np.less(ends, middles), smiles)


def test_records_are_read_at_random_as_in_order(celeb_a):
    data, _ = celeb_a
    source = load_source(data)
    in_order = list(source.read_all().as_numpy_iterator())
    positions = tf.data.Dataset.from_tensor_slices(
        np.array([5, 0, 23], np.int64)
    )
    for position, (image, label) in zip(
        [5, 0, 23], source.read(positions).as_numpy_iterator(), strict=True
    ):
        np.testing.assert_array_equal(image, in_order[position][0])
        np.testing.assert_array_equal(label, in_order[position][1])


def test_splits_and_parts_of_splits(celeb_a):
    data, _ = celeb_a
    assert load_source(data, "test").num_examples == 6
    assert load_source(data, "validation").num_examples == 4
    parts = [
        list(load_source(data, part).read_all().as_numpy_iterator())
        for part in ("train[:25%]", "train[25%:]")
    ]
    assert [len(part) for part in parts] == [6, 18]
    whole = load_source(data).read_all().as_numpy_iterator()
    for (image, _), (other, _) in zip(parts[0] + parts[1], whole, strict=True):
        np.testing.assert_array_equal(image, other)
    with pytest.raises(ValueError, match="no split 'trian'.*train, valid"):
        load_source(data, "trian")


def test_excluded_ids_are_left_out(celeb_a, tmp_path):
    data, _ = celeb_a
    source = load_source(data)
    listed = tmp_path / "exclude.txt"
    listed.write_text("\n".join(source.name_of(i) for i in (0, 5)) + "\n")
    fewer = DataConfig(
        dataset="celeb_a", data_dir=data.data_dir, exclude=str(listed)
    )
    rest = load_source(fewer)
    assert rest.num_examples == 22
    assert rest.name_of(0) == source.name_of(1)
    expected = [
        image.tobytes()
        for i, (image, _) in enumerate(source.read_all().as_numpy_iterator())
        if i not in (0, 5)
    ]
    in_order = rest.read_all().as_numpy_iterator()
    at_random = rest.read(tf.data.Dataset.range(22)).as_numpy_iterator()
    assert [image.tobytes() for image, _ in in_order] == expected
    assert [image.tobytes() for image, _ in at_random] == expected


def test_unknown_dataset_names_the_closest(tmp_path):
    with pytest.raises(ValueError, match="'celeba'.*celeb_a"):
        load_source(DataConfig(dataset="celeba", data_dir=str(tmp_path)))
    with pytest.raises(ValueError, match="'lsun/bedrom'.*bedroom"):
        load_source(DataConfig(dataset="lsun/bedrom", data_dir=str(tmp_path)))
    with pytest.raises(ValueError, match=r"'cifar10:9.9.9'.*3\.0\.2"):
        load_source(DataConfig(dataset="cifar10:9.9.9"))


def test_unreachable_host_ends_at_once(tmp_path, no_network):
    with pytest.raises(OSError) as caught:
        load_source(DataConfig(dataset="celeb_a", data_dir=str(tmp_path)))
    message = str(caught.value)
    assert str(tmp_path) in message and "manual_dir" in message
    assert "img_align_celeba.zip" in message and "drive.google" in message


def test_host_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(downloads, "_ANSWER_SECONDS", 0.2)
    answer = threading.Event()
    monkeypatch.setattr(requests, "head", lambda *_, **__: answer.wait(60))
    try:
        assert not downloads._answers("http://example.invalid/file")
        assert not answer.is_set()
    finally:
        answer.set()


def test_only_what_is_missing_is_asked_for(tmp_path, no_network):
    write_celeb_a(tmp_path / "manual", 2, 1, 1)
    (tmp_path / "manual" / "identity_CelebA.txt").unlink()
    data = DataConfig(
        dataset="celeb_a",
        data_dir=str(tmp_path / "data"),
        manual_dir=str(tmp_path / "manual"),
    )
    with pytest.raises(OSError) as caught:
        load_source(data)
    assert "identity_CelebA.txt" in str(caught.value)
    assert "img_align_celeba.zip" not in str(caught.value)


def test_bad_files_given_by_hand_end_in_one_error(tmp_path, no_network):
    write_celeb_a(tmp_path / "manual", 2, 1, 1)
    (tmp_path / "manual" / "img_align_celeba.zip").write_bytes(b"no archive")
    data = DataConfig(
        dataset="celeb_a",
        data_dir=str(tmp_path / "data"),
        manual_dir=str(tmp_path / "manual"),
    )
    with pytest.raises(OSError, match="preparing celeb_a failed"):
        load_source(data)


def test_missing_manual_folder_is_named(tmp_path):
    data = DataConfig(
        dataset="celeb_a",
        data_dir=str(tmp_path),
        manual_dir=str(tmp_path / "nowhere"),
    )
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_source(data)


def test_dataset_that_no_program_may_download_says_so(tmp_path):
    data = DataConfig(dataset="imagenet2012", data_dir=str(tmp_path))
    with pytest.raises(FileNotFoundError, match="manual_dir.*ILSVRC2012"):
        load_source(data)


class DeepCells(tfds.core.GeneratorBasedBuilder):
    """Twelve bits in sixteen, as a microscope's."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        image = tfds.features.Image(shape=(16, 16, 1), dtype=np.uint16)
        features = tfds.features.FeaturesDict({"image": image})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for number in range(4):
            image = np.full((16, 16, 1), 1_365 * number, np.uint16)
            yield number, {"image": image}


def test_which_bits_are_kept_of_16_is_said(tmp_path, capsys):
    argv = ["--dataset=deep_cells", f"--data_dir={tmp_path / 'data'}"]
    assert data_command.main([*argv, f"--output={tmp_path / 's.png'}"]) == 0
    printed = capsys.readouterr().out
    assert "Of their 16 bits a level the upper 8 are kept" in printed
    assert "no level is above 15 of 255" in printed
    assert "save them as PNG files" in printed


def test_a_dataset_of_sequences_is_refused(tmp_path):
    data = DataConfig("bair_robot_pushing_small", data_dir=str(tmp_path))
    with pytest.raises(ValueError, match="has a Sequence in each example"):
        load_source(data)


@pytest.mark.parametrize("name", ["my images", "./kinds", "cats.zip", "a,b"])
@pytest.mark.parametrize("is_there", [False, True])
def test_what_is_no_name_of_a_dataset_may_be_a_folder(
    tmp_path, monkeypatch, name, is_there
):
    monkeypatch.chdir(tmp_path)
    part = f"there is no folder or file '{name}' here"
    if is_there:
        (tmp_path / name).mkdir()
        part = "your own images: images"
    with pytest.raises(ValueError, match=part) as error:
        load_source(DataConfig(name, data_dir=str(tmp_path / "data")))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dataset", ["glue", "groove"])
def test_dataset_without_one_image_is_refused(tmp_path, dataset):
    with pytest.raises(ValueError, match="0 image features"):
        load_source(DataConfig(dataset=dataset, data_dir=str(tmp_path)))
