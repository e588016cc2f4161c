"""Digests that runs and caches keep on disk: a resume compares them.

Another value here has runs take their own images for others.
"""

import os

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import DataConfig
from dcgan_tf.data.fingerprint import digest_arrays
from dcgan_tf.data.given.arrays import open_arrays, open_dataset
from dcgan_tf.data.name_order import hash_bytes, hash_name, order_positions
from dcgan_tf.data.open_source import load_source

IMAGES = np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4, 1)
LABELS = np.arange(12) % 3
TIME = 1_700_000_000


def open_npy():
    np.save("a.npy", IMAGES.astype(np.uint16) * 200)
    os.utime("a.npy", (TIME, TIME))
    with open("out.txt", "w", encoding="utf-8") as file:
        file.write("3\n")
    return load_source(
        DataConfig("image_folder", image_dir="a.npy", exclude="out.txt")
    )


def open_npz(split):
    np.savez(
        "a.npz", x_train=IMAGES[:9], y_train=LABELS[:9],
        x_test=IMAGES[9:], y_test=LABELS[9:],
    )  # fmt: skip
    os.utime("a.npz", (TIME, TIME))
    return load_source(DataConfig("image_folder", image_dir="a.npz"), split)


def open_embedded(split, *excluded):
    with open("out.txt", "w", encoding="utf-8") as file:
        file.writelines(f"{name}\n" for name in excluded)
    exclude = "out.txt" if excluded else None
    return load_source(DataConfig("mnist_5k", exclude=exclude), split)


def make_dataset():
    return tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))


MAKERS = {
    "npy": open_npy,
    "npz": lambda: open_npz("train"),
    "npz test": lambda: open_npz("test"),
    "npz all": lambda: open_npz("all"),
    "arrays": lambda: open_arrays(IMAGES),
    "arrays with labels": lambda: open_arrays(IMAGES, LABELS),
    "dataset": lambda: open_dataset(make_dataset()),
    "dataset without labels": lambda: open_dataset(
        make_dataset().map(lambda image, label: image)
    ),
    "embedded": lambda: open_embedded("train[:12]"),
    "embedded less some": lambda: open_embedded(
        "train[:12]", "train__7", "train__1"
    ),
}
SUM_OF_IMAGES = "1617dcf62639c7a7"
# Fingerprint, with the file's size and time of change, and the digests of
# labels, of images and of names.
DIGESTS = {
    "npy": (
        "a.npy train 11 [] {} {} ['3'] (0, 38201) none",
        "",
        "fe0778ab4ab11a5a",
        "11af8533ef638046",
    ),
    "npz": (
        "a.npz train 9 [] {} {} [] None None",
        "16858a49da15769e",
        "a516883d9a231fea",
        "b373a6334f255956",
    ),
    "npz test": (
        "a.npz test 3 [] {} {} [] None None",
        "b54b505b3666d975",
        "a516883d9a231fea",
        "1becf4018dc3a065",
    ),
    "npz all": (
        "a.npz all 12 [] {} {} [] None None",
        "cbd0daa5107c5013",
        "a516883d9a231fea",
        "34ac35997f91ec1c",
    ),
    "arrays": (
        "46659facd990f611904f65c8c14457eb239809be8a29544757dd29355e83ed61"
        "88a92883a203109e5ab95928310602d3e9144b0b41b5061ba34abff3adae18e5",
        "",
        SUM_OF_IMAGES,
        "81bce79db4f2fd8c",
    ),
    "arrays with labels": (
        "539bd3113fa4ff62379ec7c46d5c92856be0bc519a2b4e33fdea1e9603d23a93"
        "1a5c224c96c7056eee5b2e9389eda68b3c87a10c8b50be0e498776767b6a4f62",
        "bb9b8c54d7a76260",
        SUM_OF_IMAGES,
        "81bce79db4f2fd8c",
    ),
    "dataset": (
        "cfc1aa170250fa22274d1ca718efc9ee18764860daf35892ef6fea2c50181d68"
        "26fa2e5e9f2ce8ad4681eed3b5e7dc89e388c9fb884a1008ce2687939667dba6",
        "bb9b8c54d7a76260",
        SUM_OF_IMAGES,
        "d301f6db62872033",
    ),
    "dataset without labels": (
        "54c14bd2f9aa20a1b002747f749c7a455e65b27385dd7916fdf2160d32f5ef14"
        "1266abd83dca4ec26de67a88a229eb7823183882f139359b69f566259255e287",
        "",
        SUM_OF_IMAGES,
        "d301f6db62872033",
    ),
    "embedded": (
        "mnist_5k train[:12] 12 []",
        "",
        "mnist_5k train[:12]",
        "183a90fd058b71a2",
    ),
    "embedded less some": (
        "mnist_5k train[:12] 12 ['train__1', 'train__7']",
        "",
        "mnist_5k train[:12]",
        "594290ad579472c9",
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_digests_of_a_source_stay(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    source = MAKERS[kind]()
    fingerprint, labels, images, names = DIGESTS[kind]
    if source.name.startswith("a.np"):
        size = os.path.getsize(source.name)
        fingerprint = fingerprint.format(size, TIME * 10**9)
    assert source.fingerprint == fingerprint
    assert source.digest_labels() == labels
    assert source.fingerprint_images().digest == images
    assert source.digest_names() == source.digest_names(1_000) == names


def test_digests_of_arrays_and_names_stay():
    assert digest_arrays([IMAGES, LABELS, np.float32(2)]) == (
        "9f6990aca0336fe4462c4b04c8c42dcc"
    )
    # As checkpoints are selected, by the first images alone.
    assert open_arrays(IMAGES).digest_names(5) == "6107fd3fd5456e8f"
    assert order_positions(range(10)) == [9, 8, 4, 3, 0, 1, 7, 2, 6, 5]
    # Of a name in another encoding than UTF-8.
    assert f"{hash_name(chr(0xDCFF) + '.png'):x}".startswith("9dd32de4f56bc9d5")
    assert f"{hash_bytes(b'x'):x}".startswith("2d711642b726b044")
