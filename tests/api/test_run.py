"""What a run of arrays gives, and its export: samples, features, walks."""

import re

import numpy as np
import pytest

import dcgan_tf


def test_a_run_knows_where_and_what_it_is(run):
    assert run.step == 4
    assert run.config.training.steps == 4
    assert run.config.model.image_size == (16, 16)
    assert not run.is_export
    assert "step 4, 16 pixels" in repr(run)


def test_samples_are_those_of_the_command(run, tmp_path):
    from dcgan_tf.cli import sample

    arguments = [
        f"--run_dir={run.path}", "--num=3", "--seed=2",
        f"--output={tmp_path / 'samples'}",
    ]  # fmt: skip
    assert sample.main(arguments) == 0
    images = run.sample(3, seed=2)
    assert (images.shape, images.dtype) == ((3, 16, 16, 3), np.uint8)
    for image, path in zip(
        images, sorted((tmp_path / "samples").iterdir()), strict=True
    ):
        np.testing.assert_array_equal(image, dcgan_tf.images.load_png(path))
    np.testing.assert_array_equal(images[:2], run.sample(2, seed=2))
    assert (images != run.sample(3, seed=3)).any()


def test_features_are_those_of_the_extractor(run, images):
    features = run.features(images[:5])
    assert (features.shape, features.dtype) == ((5, 192), np.float32)
    # With the arrays' statistics, which the folder alone hasn't.
    again = dcgan_tf.load(run.path, images=images).features(images[:5])
    np.testing.assert_allclose(features, again, atol=1e-5)
    without = dcgan_tf.load(run.path).features(images[:5])
    assert not np.allclose(features, without, atol=1e-3)


def test_networks_are_kerass(run, images):
    latents = np.zeros((2, 8), np.float32)
    assert run.generator(latents).shape == (2, 16, 16, 3)
    logits = run.discriminator(dcgan_tf.images.to_float(images[:2]))
    assert logits.shape == (2, 1)


def test_history_is_a_table_of_columns(run):
    history = run.history
    assert history["step"].tolist() == [2, 4]
    assert history["step"].dtype == np.int64
    assert {"d_loss", "g_loss", "elapsed_seconds"} <= set(history)
    assert all(column.shape == (2,) for column in history.values())
    assert np.isfinite(history["d_loss"]).all()


def test_walks_go_from_one_latent_to_the_next_and_back(run):
    legs = run.walk(3, steps_per_leg=4, seed=5)
    assert (legs.shape, legs.dtype) == ((3, 5, 16, 16, 3), np.uint8)
    np.testing.assert_array_equal(legs[0, -1], legs[1, 0])
    np.testing.assert_array_equal(legs[2, -1], legs[0, 0])
    assert (legs != run.walk(3, 4, seed=5, great_circle=True)).any()


def test_an_export_gives_the_runs_samples_and_features(run, export_dir, images):
    export = dcgan_tf.load(export_dir)
    assert export.is_export
    assert (export.step, export.config.model) == (4, run.config.model)
    difference = export.sample(3).astype(int) - run.sample(3)
    assert np.abs(difference).max() <= 1
    np.testing.assert_allclose(
        export.features(images[:3]), run.features(images[:3]), atol=1e-4
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda export: export.generator,
        lambda export: export.discriminator,
        lambda export: export.history,
        lambda export: export.walk(),
        lambda export: export.export("somewhere"),
    ],
)
def test_what_an_export_has_not_names_the_run(ask, run, export_dir):
    with pytest.raises(ValueError, match=re.escape(str(run.path))):
        ask(dcgan_tf.load(export_dir))


def test_labels_choose_classes(conditional_run):
    one = conditional_run.sample(4, labels=2)
    assert one.shape == (4, 16, 16, 3)
    mixed = conditional_run.sample(4, labels=[2, 2, 0, 1])
    np.testing.assert_array_equal(one[:2], mixed[:2])
    assert (one[2:] != mixed[2:]).any()
    in_turn = conditional_run.sample(4, labels=np.arange(4))
    np.testing.assert_array_equal(in_turn, conditional_run.sample(4))


REFUSED_LABELS = [
    (4, "from 4 to 4"),
    (-1, "from -1"),
    ([0, 1], r"shape \(2,\)"),
    (1.5, "float64"),
]


@pytest.mark.parametrize(("labels", "message"), REFUSED_LABELS)
def test_labels_that_there_are_not_are_refused(
    conditional_run, labels, message
):
    with pytest.raises(ValueError, match=message):
        conditional_run.sample(3, labels=labels)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda run, _: run.sample(0), "num is 0"),
        (lambda run, _: run.sample(3, seed=-1), "seed is -1"),
        (lambda run, _: run.sample(3, labels=1), "unconditional"),
        (lambda run, x: run.features(x[:, :8]), "takes (16, 16, 3)"),
        (lambda run, x: run.features(x[..., :1]), "takes (16, 16, 3)"),
        (lambda run, x: run.features(x[0]), "(count, height, width"),
        (lambda run, x: run.features(x[:0]), "there are none"),
        (lambda run, x: run.features(x / 255), "* 255"),
        (lambda run, x: run.features(x / 127.5 - 1), "to_uint8"),
        (lambda run, x: run.features(x.astype(int)), "astype('uint8')"),
        (lambda run, _: run.walk(1), "num_anchors is 1"),
        (lambda run, _: run.sample(2.5), "num is 2.5; use 1 to 1,000,000"),
        (lambda run, _: run.sample("3"), "num is '3'"),
        (lambda run, _: run.sample(3, seed=1.5), "seed is 1.5; use 0 to"),
        (lambda run, _: run.sample(3, seed=2**60), f"seed is {2**60}"),
        (lambda run, _: run.walk(3, 0), "steps_per_leg is 0"),
        (lambda run, _: run.walk(2.5), "num_anchors is 2.5"),
        (lambda run, _: run.walk(seed=-1), "seed is -1"),
        (lambda run, _: run.walk(seed=2**70), f"seed is {2**70}"),
        (lambda run, _: run.walk(seed=float("nan")), "seed is nan"),
        (lambda run, _: run.evaluate(["fid"]), "'fid'"),
        (lambda run, _: run.evaluate(features="x"), "features is 'x'"),
        (lambda run, _: run.export("x", formats="web"), "formats"),
        (lambda run, _: run.export("x", formats=["onnx"]), "onnx"),
        (lambda run, _: run.export("x", formats=[]), "formats are []"),
        (lambda run, _: run.export("x", single_file=True), "is for web"),
        (lambda run, _: run.export("x", keep_versions=-1), "keep_versions"),
        (lambda run, _: run.export("x", keep_versions=1.5), "1.5; use 0 or"),
    ],
)
def test_what_a_run_cannot_do_is_said_in_words(
    run, images, ask, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=re.escape(message)):
        ask(run, images)
    assert not any(tmp_path.iterdir())


def test_unscaled_images_are_refused_by_the_networks(
    run, conditional_run, images
):
    extract = dcgan_tf.load_feature_extractor(run.path)
    for network in (run.discriminator, extract):
        for inputs in (images[:2], images[:2].astype(int)):
            with pytest.raises(ValueError, match="to_float"):
                network(inputs)
        floats = images[:2].astype(np.float32)
        with pytest.raises(ValueError, match="got float32 from .* to 2"):
            network(floats)
    with pytest.raises(ValueError, match="got float32 from .* to 2"):
        conditional_run.discriminator([floats, np.zeros(2, np.int32)])
    with pytest.raises(ValueError, match="to_float"):
        conditional_run.discriminator([images[:2], np.zeros(2, np.int32)])


def test_a_conditional_run_has_no_walks_and_features(conditional_run, images):
    with pytest.raises(ValueError, match="conditional"):
        conditional_run.walk()
    with pytest.raises(ValueError, match="conditional"):
        conditional_run.features(images)
