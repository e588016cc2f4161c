"""Files that a dataset needs, and LSUN from archives given by hand."""

import io
import sys
import zipfile

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from dcgan_tf.config import DataConfig
from dcgan_tf.data import downloads
from dcgan_tf.data.open_source import load_source


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(downloads, "_answers", lambda url: False)


def encode(level, size):
    contents = io.BytesIO()
    Image.new("RGB", size, (level, level, 255)).save(contents, "JPEG")
    return contents.getvalue()


def write_archive(folder, part, pictures, scratch):
    """Writes an LMDB as LSUN's authors pack it."""
    lmdb = pytest.importorskip("lmdb")
    name = f"bedroom_{part}_lmdb"
    with lmdb.open(str(scratch / name), map_size=2**20) as base:
        with base.begin(write=True) as transaction:
            for key, jpeg in pictures.items():
                transaction.put(key.encode(), jpeg)
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        archive.write(scratch / name / "data.mdb", f"{name}/data.mdb")


def test_lsun_is_prepared_from_two_archives_of_forty(tmp_path, no_network):
    sizes = [(256, 341), (500, 256), (7, 5)]  # Any, some tiny.
    pictures = {
        f"{i:040x}": encode(40 * i, size) for i, size in enumerate(sizes)
    }
    data = DataConfig(
        dataset="lsun/bedroom",
        data_dir=str(tmp_path / "data"),
        manual_dir=str(tmp_path / "manual"),
    )
    write_archive(tmp_path / "manual", "train", pictures, tmp_path)
    with pytest.raises(ConnectionError, match="bedroom_val_lmdb.zip") as caught:
        load_source(data)
    assert "train_lmdb" not in str(caught.value)
    write_archive(tmp_path / "manual", "val", pictures, tmp_path)
    source = load_source(data)
    assert source.num_examples == 3
    found = sorted(
        (*image.shape[:2], image[0, 0, 0])
        for image, _ in source.read(
            tf.data.Dataset.range(3)
        ).as_numpy_iterator()
    )
    expected = sorted((h, w, 40 * i) for i, (w, h) in enumerate(sizes))
    np.testing.assert_allclose(found, expected, atol=2)


@pytest.mark.parametrize("dataset", ["fashion_mnist", "lsun/bedroom"])
def test_without_a_network_it_is_said_what_to_put_where(
    tmp_path, no_network, dataset
):
    if dataset.startswith("lsun"):
        pytest.importorskip("lmdb")
    data = DataConfig(dataset, data_dir=str(tmp_path / "data"))
    with pytest.raises(ConnectionError, match="doesn't answer, and") as error:
        load_source(data)
    message = str(error.value)
    assert "where there is a network and give that DIR here as" in message
    assert "manual_dir" in message
    assert message == " ".join(message.split())


def test_lsun_without_lmdb_says_so_before_any_download(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    data = DataConfig(dataset="lsun/bedroom", data_dir=str(tmp_path))
    with pytest.raises(ImportError, match=r"dcgan_tf\[lsun\]"):
        load_source(data)


@pytest.mark.parametrize(
    ("dataset", "files"),
    [
        ("lsun/cat", {"cat.zip"}),
        (
            "imagenet_resized/32x32",
            {"Imagenet32_train_npz.zip", "Imagenet32_val_npz.zip"},
        ),
        ("downsampled_imagenet/32x32", {"train_32x32.tar", "valid_32x32.tar"}),
        ("cifar10", {"cifar-10-binary.tar.gz"}),
        (
            "oxford_flowers102",
            {"102flowers.tgz", "imagelabels.mat", "setid.mat"},
        ),
    ],
)
def test_only_files_of_the_configuration_are_needed(tmp_path, dataset, files):
    builder = tfds.builder(dataset, data_dir=str(tmp_path))
    urls = downloads._list_urls(builder)
    assert {builder.url_infos[url].filename for url in urls} == files


@pytest.mark.parametrize(
    "dataset",
    [
        "mnist/", "mnist:1", "mnist/x:9", "mnist:9.*.*", "mnist/config=3",
        "mnist/a=b,c=d", "svhn_cropped/1", "a b", "../x", "a:b:c", "mnist[x]",
    ],
)  # fmt: skip
def test_names_that_no_dataset_has_are_told_in_a_line(dataset):
    with pytest.raises(
        ValueError, match="doesn't exist|can't be the name"
    ) as e:
        downloads.find_builder(DataConfig(dataset))
    assert repr(dataset) in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'huggingface_hub'"),
        tf.errors.NotFoundError(None, None, "no gs://robotics\nat all"),
        tf.errors.FailedPreconditionError(None, None, "no host"),
    ],
)
def test_communities_out_of_reach_are_told_in_a_line(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(tfds, "builder", fail)
    with pytest.raises(ValueError, match="'some:mnist' can't be opened: [Nn]o"):
        downloads.find_builder(DataConfig("some:mnist"))
