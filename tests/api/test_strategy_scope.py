"""Calls of the library in the scope of a program's strategy."""

import numpy as np
import pytest

import dcgan_tf

CALLS = {
    "sample": lambda export, images: export.sample(3),
    "features": lambda export, images: export.features(images[:3]),
    "evaluate": lambda export, images: export.evaluate(
        ["frechet"], features="random", num_samples=16
    )["measures"]["samples"],
}


@pytest.mark.parametrize("is_loaded_inside", [True, False])
@pytest.mark.parametrize("name", CALLS)
def test_an_export_works_in_a_scope(
    name, is_loaded_inside, export_dir, images, held_out, two_replicas
):
    def load():
        return dcgan_tf.load(export_dir, images=images, held_out=held_out)

    expected = CALLS[name](load(), images)
    export = load()
    with two_replicas.scope():
        if is_loaded_inside:
            export = load()
        found = CALLS[name](export, images)
    if name == "evaluate":
        assert found == pytest.approx(expected)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", CALLS)
def test_a_run_works_in_a_scope(name, run, images, held_out, two_replicas):
    def load():
        return dcgan_tf.load(run.path, images=images, held_out=held_out)

    expected = CALLS[name](load(), images)
    with two_replicas.scope():
        found = CALLS[name](load(), images)
    if name == "evaluate":
        assert found == pytest.approx(expected, rel=1e-3)
    else:
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_export_made_in_a_scope_is_as_any(
    run, images, export_dir, two_replicas, tmp_path
):
    with two_replicas.scope():
        loaded = dcgan_tf.load(run.path, images=images)
        loaded.export(tmp_path / "export", log=None)
    export = dcgan_tf.load(tmp_path / "export")
    expected = dcgan_tf.load(export_dir)
    np.testing.assert_array_equal(export.sample(3), expected.sample(3))
    np.testing.assert_allclose(
        export.features(images[:3]), expected.features(images[:3]), atol=1e-5
    )
