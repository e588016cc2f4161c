"""What a program draws after a call is as if it had called nothing."""

import random

import numpy as np
import pytest
import tensorflow as tf
from fixtures.library_calls import CALLS
from fixtures.tiny_arrays import TINY

import dcgan_tf

DRAWING = {
    **CALLS,
    "resume": lambda run, export_dir, images, folder: dcgan_tf.train(
        images, run.path, **TINY
    ),
    "export to LiteRT": lambda run, _, __, folder: run.export(
        folder, formats=["tflite"], log=None
    ),
    "load an export": lambda _, export_dir, *__: dcgan_tf.load(
        export_dir
    ).sample(2),
    "an export's features": lambda _, export_dir, images, __: dcgan_tf.load(
        export_dir
    ).features(images),
}


def draw():
    drawn = random.random(), np.random.random(), tf.random.uniform(())
    return [float(number) for number in drawn]


def set_seeds():
    random.seed(5), np.random.seed(6), tf.random.set_seed(7)


@pytest.mark.parametrize("name", DRAWING)
def test_no_call_moves_the_programs_generators(
    name, run, export_dir, images, held_out, tmp_path, few_precisions
):
    loaded = dcgan_tf.load(run.path, images=images, held_out=held_out)
    set_seeds()
    expected = draw()
    set_seeds()
    DRAWING[name](loaded, export_dir, images, tmp_path / "folder")
    assert draw() == expected
