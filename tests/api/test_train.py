"""Training on a program's arrays and datasets, and on what it names."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from fixtures import tiny_run
from fixtures.tiny_arrays import (
    TINY,
    make_dataset,
    make_dataset_of_several,
    make_images,
)

import dcgan_tf
from dcgan_tf import api
from dcgan_tf.config import RECORDED_DATA
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.training.loop import TrainingResult
from dcgan_tf.training.run_training import RunResult


def test_the_step_that_training_ended_at_is_loaded(
    tmp_path, images, held_out, monkeypatch
):
    """Not the latest: that may be of a future that could not be resumed."""
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    run_dir = tiny_run.make_run(tmp_path / "run", pictures, steps=(1, 2))
    config = load_run_config(run_dir)
    monkeypatch.setattr(
        api,
        "run_training",
        lambda *args, **kwargs: RunResult(
            run_dir, config, TrainingResult(1), 0, True
        ),
    )
    assert dcgan_tf.train(pictures, tmp_path / "new", **TINY).step == 1


def test_a_finished_run_is_returned_and_more_steps_resume_it(
    run, images, tmp_path
):
    """To what a run of as many steps is that wasn't resumed."""
    settings = {**TINY, "steps": 2}
    first = dcgan_tf.train(images, tmp_path / "run", **settings)
    assert dcgan_tf.train(images, tmp_path / "run", **settings).step == 2
    resumed = dcgan_tf.train(images, tmp_path / "run", **TINY)
    assert (first.step, resumed.step) == (2, 4)
    np.testing.assert_array_equal(resumed.sample(4), run.sample(4))


def test_other_arrays_do_not_resume_a_run(run, tmp_path):
    with pytest.raises(ValueError, match="are others") as error:
        dcgan_tf.train(make_images(seed=9), run.path, **{**TINY, "steps": 6})
    # A program has no flags.
    assert "another run_dir (init_from starts" in str(error.value)


def test_a_locked_run_is_refused(images, tmp_path):
    from dcgan_tf.runs.lock import RunLock, RunLockedError

    (tmp_path / "run").mkdir()
    with RunLock(tmp_path / "run"), pytest.raises(RunLockedError):
        dcgan_tf.train(images, tmp_path / "run", **TINY)


def test_the_best_checkpoint_is_found_on_images_held_out(
    images, held_out, tmp_path
):
    run_dir = tmp_path / "run"
    settings = {**TINY, "eval_every": 2}
    with pytest.raises(ValueError, match="held_out"):
        dcgan_tf.train(images, run_dir, **settings)
    assert not run_dir.exists()
    dcgan_tf.train(images, run_dir, held_out=held_out, **settings)
    assert dcgan_tf.load(run_dir, "best").step in (2, 4)


def endless(images):
    def generate():
        while True:
            yield from images

    return tf.data.Dataset.from_generator(
        generate, output_signature=tf.TensorSpec((16, 16, 3), tf.uint8)
    )


def failing(images):
    def fail(image):
        raise RuntimeError("the camera is off")

    return tf.data.Dataset.from_tensor_slices(images).map(
        lambda x: tf.numpy_function(fail, [x], tf.uint8)
    )


REFUSED = [
    (lambda x: x.astype(np.float32) / 127.5 - 1, "to_uint8"),
    (lambda x: x / 255, "* 255"),
    (lambda x: x.astype(np.float32), "from 0 to 255; give uint8"),
    (
        lambda x: make_dataset("batches", x.astype(np.float32)),
        "images.round().astype('uint8')",
    ),
    (lambda x: x.astype(np.int32), "astype('uint8')"),
    (lambda x: x.astype(np.float32) * np.nan, "not finite"),
    (lambda x: x.astype(np.int32) * 9, "from 0 to"),
    (lambda x: x > 9, "* 255"),
    (lambda x: x[0], "shape (16, 16, 3)"),
    (lambda x: x[..., :2], "1 (grey), 3 (RGB) or 4"),
    (lambda x: x[:0], "there are none"),
    (lambda x: x[None], "shape (1, 40"),
    (lambda x: {"image": x}, "a dict"),
    (lambda x: 5, "a int"),
    (lambda x: None, "a NoneType"),
    (lambda x: [x[0], x[1, :8]], "differ in shape"),
    (lambda x: (x, x, x), "a tuple of 3"),
    (lambda x: (x, np.zeros(3, int)), "shape (3,)"),
    (lambda x: (x, np.zeros((40, 2), int)), "shape (40, 2)"),
    (lambda x: (x, np.zeros(40)), "float64"),
    (lambda x: (x, np.arange(40) - 1), "from -1 to 38"),
    (lambda x: make_dataset("pairs", x).repeat(), ".repeat()"),
    (lambda x: make_dataset("pairs", x).take(0), "is empty"),
    (lambda x: make_dataset("pairs", x / 255), "* 255"),
    (
        lambda x: make_dataset("images", x[..., 0]).batch(8, True),
        "shape (8, 16, 16)",
    ),
    (lambda x: make_dataset("pairs", x).map(lambda a, b: (a, b, b)), "tuple"),
    (
        lambda x: make_dataset_of_several([(20, 20, 3), (20, 20, 1)]),
        "of 1 and of 3 channels",
    ),
    (
        lambda x: make_dataset("pairs", x).map(lambda a, b: (a, float(3))),
        "integer classes",
    ),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_images_that_are_none_are_refused_in_words(
    change, message, images, tmp_path
):
    with pytest.raises(ValueError, match=re.escape(message)):
        dcgan_tf.train(change(images), tmp_path / "run", **TINY)
    assert not (tmp_path / "run").exists()


def test_a_dataset_that_never_ends_unknown_to_tensorflow_is_refused(
    images, tmp_path, monkeypatch
):
    from dcgan_tf.data import memory

    monkeypatch.setattr(memory, "measure_available", lambda: 100_000)
    with pytest.raises(ValueError, match=r"does it end\?"):
        dcgan_tf.train(endless(images), tmp_path / "run", **TINY)


def test_a_dataset_that_fails_is_no_traceback_of_tensorflows(images, tmp_path):
    with pytest.raises(OSError, match="camera is off"):
        dcgan_tf.train(failing(images), tmp_path / "run", **TINY)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stepz": 3}, "did you mean steps"),
        ({"steps": 0}, "steps is 0"),
        ({"image_size": 17}, "nearest that work"),
        ({"image_size": (16, 20, 3)}, "image_size"),
        ({"dataset": "mnist"}, "first argument"),
        ({"image_dir": "x"}, "first argument"),
        ({"background": "whit"}, "background 'whit' is no colour"),
        *(({name: True}, f"{name} is given as a") for name in RECORDED_DATA),
        ({"conditional": True}, "(images, labels)"),
        ({"label_names": ["a"]}, "(images, labels)"),
        ({"batch_size": 50}, "batch size 32"),
        ({"preset": "paper"}, "paper_64"),
        ({"held_out": "x", "held_out_dir": "y"}, "give one"),
        ({"held_out": make_images(4), "held_out_dir": "y"}, "give one"),
    ],
)
def test_settings_that_do_not_go_are_refused_in_words(
    settings, message, images, tmp_path
):
    with pytest.raises(ValueError, match=re.escape(message)):
        dcgan_tf.train(images, tmp_path / "run", **{**TINY, **settings})
    assert not (tmp_path / "run").exists()


def test_folders_are_trained_on_by_name(write_pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"{i}.png" for i in range(12)]
    write_pictures(tmp_path / "cats", names)
    settings = {**TINY, "image_size": 16}
    run = dcgan_tf.train("cats", "run", **settings)
    assert run.config.data.image_dir == str(tmp_path / "cats")
    assert run.features(run.sample(2)).shape == (2, 192)
    Path("cats").rename("moved")
    moved = dcgan_tf.load("run", images="moved")
    assert moved.config.data.image_dir == str(tmp_path / "moved")


@pytest.mark.parametrize(
    ("place", "message"),
    [("celebaa", "celeb_a"), ("./nowhere", "nowhere")],
)
def test_a_place_that_is_not_there_is_named(place, message, tmp_path):
    with pytest.raises((OSError, ValueError), match=message):
        dcgan_tf.train(place, tmp_path / "run", **TINY)
