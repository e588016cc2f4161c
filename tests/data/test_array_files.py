"""Images in .npy and .npz files, as sources and through the commands."""

import dataclasses
import pickle

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.cli import data as data_command
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.files.npy_file import NpyFile
from dcgan_tf.data.open_source import count_common, load_held_out, load_source
from dcgan_tf.data.pipeline import load_images

MODEL = ModelConfig((16, 16), 1)
COUNT = 24
PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), np.uint8)
CLASSES = np.arange(COUNT) % 3


def make_data(path, **options):
    return DataConfig("image_folder", image_dir=str(path), **options)


def load(data, split=None):
    source = load_source(data, split)
    return source, *load_images(source, MODEL, data)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.array([0, 7, 255], np.uint8), [0, 7, 255]),
        (np.array([0, 7, 255], np.int64), [0, 7, 255]),
        (np.array([0, 2048, 4095], np.uint16), [0, 128, 255]),
        (np.array([-1, 0, 1], np.float32), [0, 128, 255]),
        (np.array([False, True]), [0, 255]),
    ],
)
def test_any_numbers_become_levels(tmp_path, images, expected):
    np.save(tmp_path / "a.npy", images[:, None, None] + np.zeros_like(
        images, shape=(1, 16, 16)
    ))  # fmt: skip
    source, decoded, labels = load(make_data(tmp_path / "a.npy"))
    levels = {
        int(source.name_of(i)): decoded[i, 0, 0, 0] for i in range(len(decoded))
    }
    assert [levels[i] for i in range(len(expected))] == expected
    assert labels is None


def save_digits(path):
    """Six training and two test images whose level says which they are."""
    levels = np.arange(8, dtype=np.uint8)[:, None, None]
    images = np.tile(levels, (1, 16, 16))
    np.savez(
        path, x_train=images[:6], y_train=np.arange(6) % 3,
        x_test=images[6:], y_test=np.array([1, 2]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("split", "levels", "labels"),
    [
        ("train", range(6), [0, 1, 2, 0, 1, 2]),
        ("test", (6, 7), [1, 2]),
        ("all", range(8), [0, 1, 2, 0, 1, 2, 1, 2]),
    ],
)
def test_splits_and_classes_of_npz(tmp_path, split, levels, labels):
    save_digits(tmp_path / "mnist.npz")
    data = make_data(tmp_path / "mnist.npz", split=split)
    source, images, found = load(data)
    order = np.argsort(images[:, 0, 0, 0])
    assert images[order, 0, 0, 0].tolist() == list(levels)
    assert found[order].tolist() == labels
    assert source.label_names == ("0", "1", "2")


def test_images_of_npy_are_held_out_by_position(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (1_000, 2, 2), np.uint8)
    np.save(tmp_path / "a.npy", images)
    data = make_data(tmp_path / "a.npy")
    training = load_source(data)
    held_out = load_held_out(data, training)
    assert held_out.num_examples + training.num_examples == 1_000
    assert 20 < held_out.num_examples < 80
    assert not count_common(held_out, training)
    fingerprint = training.fingerprint_images()
    assert fingerprint.count == 1_000
    np.save(tmp_path / "b.npy", images[::-1])
    other = load_source(make_data(tmp_path / "b.npy")).fingerprint_images()
    assert (other.count, other.digest) == (1_000, fingerprint.digest)


def test_excluded_positions(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 8, 8), np.uint8))
    (tmp_path / "exclude.txt").write_text("1\n3\n")
    exclude = str(tmp_path / "exclude.txt")
    source = load_source(make_data(tmp_path / "a.npy", exclude=exclude))
    assert {source.name_of(i) for i in range(2)} == {"0", "2"}
    assert source.num_examples == source.num_excluded == 2


def test_an_image_of_a_split_has_its_own_name(tmp_path):
    """Keras's mnist.npz has the test images first."""
    images = np.arange(8, dtype=np.uint8)[:, None, None] + np.zeros(
        (1, 16, 16), np.uint8
    )
    np.savez(tmp_path / "m.npz", x_test=images[6:], x_train=images[:6])
    data = make_data(tmp_path / "m.npz")
    training, pixels, _ = load(data)
    for position, level in enumerate(pixels[:, 0, 0, 0]):
        assert training.name_of(position) == f"train__{level}"
    held_out = load_source(data, "test")
    assert not count_common(held_out, training)
    everything = load_source(data, "all")
    assert count_common(training, everything) == 6
    trained_on_test = dataclasses.replace(data, split="test")
    source = load_held_out(trained_on_test, load_source(trained_on_test))
    assert source.split == "train" and source.num_examples == 6
    # As `dcgan dedup` lists them: of all, by what the source calls them.
    listed = next(
        everything.name_of(i)
        for i, image in enumerate(load(data, "all")[1])
        if image[0, 0, 0] == 1
    )
    (tmp_path / "exclude.txt").write_text(f"{listed}\n")
    exclude = str(tmp_path / "exclude.txt")
    _, pixels, _ = load(dataclasses.replace(data, exclude=exclude))
    assert sorted(pixels[:, 0, 0, 0]) == [0, 2, 3, 4, 5]


def test_a_list_may_name_test_images_alone(tmp_path):
    save_digits(tmp_path / "m.npz")
    (tmp_path / "exclude.txt").write_text("test__1\n")
    exclude = str(tmp_path / "exclude.txt")
    data = make_data(tmp_path / "m.npz", exclude=exclude)
    assert load_source(data).num_examples == 6
    assert load_source(data, "test").num_examples == 1


def test_bare_positions_of_a_file_with_splits_are_refused(tmp_path, capsys):
    save_digits(tmp_path / "mnist.npz")
    (tmp_path / "exclude.txt").write_text("1\n")
    argv = [
        f"--image_dir={tmp_path / 'mnist.npz'}", "--image_size=16",
        f"--exclude={tmp_path / 'exclude.txt'}",
        f"--output={tmp_path / 's.png'}",
    ]  # fmt: skip
    assert data_command.main(argv) == 1
    error = capsys.readouterr().err
    assert "has the splits train, test" in error and "train__1" in error
    assert error.count("\n") == 1


# Classes to train on and to test on, names of them, and what comes of each
# split: the classes there, and what is said.
TRAIN_ONLY = "train has no class"
SPLIT_CLASSES = [
    ([0, 1], [0, 1], None, "0 1", "0 1", ""),
    ([0, 1, 2], [0, 1], None, "0 1 2", "0 1 2", ""),
    ([0, 1], [0, 2], None, "0 1", "", f"{TRAIN_ONLY} '2'"),
    ([3, 7], [3, 9], None, "3 7", "", f"{TRAIN_ONLY} '9'"),
    ([0, 1], [-1, 0], None, "0 1", "", f"{TRAIN_ONLY} '-1'"),
    (["a", "b"], ["b", "a"], None, "a b", "a b", ""),
    (["a", "b"], ["a", "c"], None, "a b", "", f"{TRAIN_ONLY} 'c'"),
    # Where names say which classes there are, training may lack some.
    ([0, 1], [0, 2], ["x", "y", "z"], "x y z", "x y z",
     "1 of the 3 classes, such as z, have no images to train on"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("train", "test", "names", "learnt", "tested", "said"), SPLIT_CLASSES
)
def test_classes_are_those_to_train_on(
    tmp_path, caplog, capsys, train, test, names, learnt, tested, said
):
    """As of folders: what the test split alone has is none."""
    arrays = {
        "x_train": PIXELS,
        "y_train": np.resize(train, COUNT),
        "x_test": PIXELS[:5],
        "y_test": np.resize(test, 5),
    }
    if names:
        arrays["names"] = np.array(names)
    np.savez(tmp_path / "a.npz", **arrays)
    data = make_data(tmp_path / "a.npz")
    source, _, labels = load(data)
    assert " ".join(source.label_names) == learnt
    assert {*labels} == {*range(len(train))}
    is_of_test = TRAIN_ONLY in said
    assert (said in caplog.text) != is_of_test
    held_out, _, held_out_labels = load(data, "test")
    assert " ".join(held_out.label_names) == tested
    assert (held_out_labels is None) == (not tested)
    assert said in caplog.text and len(caplog.records) == bool(said)
    both, _, labels = load(data, "all")
    assert " ".join(both.label_names) == tested
    split = "test" if is_of_test else "train"
    argv = [
        f"--image_dir={tmp_path / 'a.npz'}", "--image_size=16",
        f"--split={split}", f"--output={tmp_path / 's.png'}",
    ]  # fmt: skip
    assert data_command.main(argv) == 0
    captured = capsys.readouterr()
    assert said in captured.err
    assert ("classes: " in captured.out) != is_of_test


def test_a_class_of_held_out_images_alone_is_told(tmp_path, caplog):
    np.savez(tmp_path / "a.npz", x=PIXELS, y=np.arange(COUNT) // 23)
    (tmp_path / "exclude.txt").write_text("23\n")
    exclude = str(tmp_path / "exclude.txt")
    load_source(make_data(tmp_path / "a.npz", exclude=exclude))
    assert "1 of the 2 classes, such as 1, have no images to" in caplog.text


def test_data_command_counts_them(tmp_path, capsys):
    save_digits(tmp_path / "mnist.npz")
    argv = [
        f"--image_dir={tmp_path / 'mnist.npz'}", "--image_size=16",
        f"--output={tmp_path / 's.png'}",
    ]  # fmt: skip
    assert data_command.main(argv) == 0
    output = capsys.readouterr().out
    assert "mnist.npz: 6 images (train)" in output
    assert "3 classes: 0, 1, 2" in output


TEXTS = np.array(["ant", "bee", "cat"])


@pytest.mark.parametrize(
    ("arrays", "names", "labels"),
    [
        ({"y": CLASSES.astype(np.float64)}, "0 1 2", CLASSES),
        ({"y": np.eye(3)[CLASSES]}, "0 1 2", CLASSES),
        ({"y": np.eye(3, dtype=bool)[CLASSES]}, "0 1 2", CLASSES),
        ({"y": TEXTS[CLASSES]}, "ant bee cat", CLASSES),
        ({"y": TEXTS.astype("S")[CLASSES]}, "ant bee cat", CLASSES),
        ({"y": CLASSES > 0}, "0 1", np.minimum(CLASSES, 1)),
        # No class without an image is learnt.
        ({"y": np.array([3, 7, 9])[CLASSES]}, "3 7 9", CLASSES),
        ({"y": CLASSES + 1}, "1 2 3", CLASSES),
        # Names of images name no classes; steps are no labels.
        ({"y": CLASSES, "files": np.arange(COUNT).astype("U")}, "0 1 2",
         CLASSES),
        ({"y": CLASSES, "files": np.arange(COUNT).astype("U"),
          "names": TEXTS}, "ant bee cat", CLASSES),
        ({"y": CLASSES, "steps": np.arange(5)}, "0 1 2", CLASSES),
        ({"y": CLASSES, "names": TEXTS.astype("S")}, "ant bee cat", CLASSES),
    ],
)  # fmt: skip
def test_classes_are_found_in_any_form(tmp_path, arrays, names, labels):
    np.savez(tmp_path / "a.npz", x=PIXELS, **arrays)
    source, _, found = load(make_data(tmp_path / "a.npz", split="all"))
    assert " ".join(source.label_names) == names
    positions = [int(source.name_of(i)) for i in range(COUNT)]
    assert found.tolist() == labels[positions].tolist()


@pytest.mark.parametrize(
    "arrays",
    [
        {"files": np.arange(COUNT).astype("U")},
        {"features": np.ones((COUNT, 4))},
        {"y": np.linspace(0, 1, COUNT)},
        {"y": np.full(COUNT, np.nan)},
        {"image_size": np.array([8, 8])},
        {"version": np.array([3]), "seeds": np.arange(5)},
    ],
)
def test_what_may_be_meant_for_classes_is_named(tmp_path, caplog, arrays):
    np.savez(tmp_path / "a.npz", x=PIXELS, **arrays)
    source = load_source(make_data(tmp_path / "a.npz"))
    assert not source.label_names
    assert f"no classes are taken from {next(iter(arrays))} " in caplog.text


@pytest.mark.parametrize(
    ("names", "num_held_out"),
    [
        (("x_train", "y_train"), None),
        (("x_test", "y_test"), None),
        (("x_train", "labels"), None),
        (("training_images", "training_labels", "testing_images",
          "testing_labels"), 2),
        (("train_x", "train_y", "valid_x", "valid_y"), 2),
    ],
)  # fmt: skip
def test_splits_of_any_usual_name(tmp_path, names, num_held_out):
    """One split alone is all there is: some of it is held out."""
    values = (PIXELS, TEXTS[CLASSES], PIXELS[:2], TEXTS[CLASSES[:2]])
    np.savez(
        tmp_path / "a.npz", **dict(zip(names, values[: len(names)], strict=1))
    )
    data = make_data(tmp_path / "a.npz")
    training = load_source(data)
    held_out = load_held_out(data, training)
    assert training.label_names == held_out.label_names == (*TEXTS,)
    assert held_out.num_examples == training.num_held_out
    if num_held_out is None:
        assert training.num_examples + held_out.num_examples == COUNT
    else:
        assert (training.num_examples, held_out.num_examples) == (COUNT, 2)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": PIXELS[0]}, r"\(8, 8, 3\).*single image, images\[None\]"),
        ({"x": PIXELS.transpose(0, 3, 1, 2)}, "channels first, images.transp"),
        ({"x": np.full((9, 8, 8), np.nan)}, "no number in them that is finite"),
        (
            {"x": PIXELS, "x_train": PIXELS, "x_test": PIXELS},
            "holds x uint8 .*give it one array of images, or one a split",
        ),
        (
            {"x_train": PIXELS, "y_train": CLASSES, "x_test": PIXELS,
             "y_test": TEXTS[CLASSES]},
            "texts in one split and numbers in another",
        ),
        ({"x": PIXELS, "y": CLASSES - 1}, "labels are from -1 to 1"),
        *(
            ({"x": PIXELS, name: CLASSES[1:]}, r"int64 of shape \(23,\)")
            for name in ("y", "label", "train_labels", "Class", "targets")
        ),
        ({"x": PIXELS, "y": CLASSES, "z": CLASSES}, "z int64.*one array of w"),
    ],
)  # fmt: skip
def test_arrays_that_are_not_clear_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_source(make_data(tmp_path / "a.npz"))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["u1", "?", "<u2", ">u2", "<f8", ">f4"])
def test_an_npy_file_is_read_as_numpy_reads_it(tmp_path, dtype, order):
    images = np.random.default_rng(0).integers(0, 2, (7, 5, 6, 3)).astype(dtype)
    np.save(tmp_path / "a.npy", np.asarray(images, order=order))
    array = pickle.loads(pickle.dumps(NpyFile(str(tmp_path / "a.npy"))))
    assert array.shape == images.shape and array.dtype == images.dtype
    assert (array.ndim, array.size, len(array)) == (4, images.size, 7)
    np.testing.assert_array_equal(list(array), images)
    np.testing.assert_array_equal(array[np.int64(3)], images[3])


def test_an_npy_file_that_is_cut_while_it_is_used_is_named(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((20, 16, 16), np.uint8))
    data = make_data(path, cache="off")
    source = load_source(data)
    np.save(path, np.zeros((2, 16, 16), np.uint8))
    with pytest.raises(tf.errors.UnknownError, match="is cut off"):
        load_images(source, MODEL, data)


def test_splits_of_other_channels_are_refused_together(tmp_path):
    path = tmp_path / "a.npz"
    colour, grey = np.zeros((24, 20, 22, 3)), np.zeros((5, 20, 22, 1))
    np.savez(path, x_train=colour, x_test=grey)
    assert load_source(make_data(path)).num_examples == 24
    with pytest.raises(ValueError, match="a.npz: .* 1 and 3 channels"):
        load_source(make_data(path), "all")


def test_negative_classes_are_named_with_their_file(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((3, 20, 22)), y=np.array([-1, 0, 1]))
    with pytest.raises(ValueError, match="a.npz: .*from -1 to 1; .*from 0 on"):
        load_source(make_data(path))
