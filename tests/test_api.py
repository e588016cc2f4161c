"""The library's few calls, on a tiny run of arrays, its export, and folders."""

import inspect
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import tiny_run

import dcgan_tf
from dcgan_tf import api
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.training.loop import TrainingResult
from dcgan_tf.training.run_training import RunResult

ROOT = Path(__file__).parents[1]
TINY = {
    "base_filters": 4,
    "latent_dim": 8,
    "kernel_size": 3,
    "steps": 4,
    "batch_size": 8,
    "precision": "float32",
    "strategy": "one_device",
    "report_every": 2,
}


def make_images(count=40, shape=(16, 16, 3), seed=0):
    return np.random.default_rng(seed).integers(
        0, 256, (count, *shape), np.uint8
    )


@pytest.fixture(scope="module")
def images():
    return make_images()


@pytest.fixture(scope="module")
def held_out():
    return make_images(12, seed=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory, images, held_out):
    run_dir = tmp_path_factory.mktemp("api") / "run"
    return dcgan_tf.train(images, run_dir, held_out=held_out, **TINY)


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


@pytest.fixture(scope="module")
def conditional_run(tmp_path_factory, images):
    run_dir = tmp_path_factory.mktemp("api") / "conditional"
    labels = np.arange(len(images)) % 4
    return dcgan_tf.train(
        (images, labels),
        run_dir,
        label_names=["a", "b", "c", "d"],
        conditional=True,
        **TINY,
    )


@pytest.fixture(scope="module")
def export_dir(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "export"
    run.export(folder, log=lambda line: None)
    return folder


# The package.


def test_importing_the_package_imports_no_tensorflow():
    program = (
        "import sys, dcgan_tf\n"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)\n"
        "assert set(dcgan_tf.__all__) <= set(dir(dcgan_tf))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_all_is_complete_and_documented():
    for name in dcgan_tf.__all__:
        assert getattr(dcgan_tf, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        dcgan_tf.lode  # noqa: B018


def list_public():
    members = [("train", dcgan_tf.train), ("load", dcgan_tf.load)]
    for name, member in vars(dcgan_tf.Run).items():
        if not name.startswith("_") and name != "is_export":
            members.append((name, member))
    return members


@pytest.mark.parametrize(
    ("name", "member"), list_public(), ids=lambda value: str(value)[:20]
)
def test_everything_public_has_hints_and_an_example(name, member):
    function = getattr(member, "fget", member)
    assert "Example:\n" in inspect.getdoc(function)
    assert "```python\n" in inspect.getdoc(function)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        has_hint = parameter.annotation is not inspect.Parameter.empty
        assert has_hint or parameter.name == "self", parameter


# What a run gives.


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


def test_evaluating_arrays_writes_what_the_command_does(run):
    result = run.evaluate(["frechet"], features="random", num_samples=10)
    assert set(result["measures"]["samples"]) == {"frechet"}
    path = run.path / "evaluation" / "4.json"
    assert json.loads(path.read_text())["measures"] == result["measures"]


def make_classes(count, seed=0):
    """Grey levels, which a classifier tells apart whatever D has learnt."""
    labels = np.arange(count) % 2
    noise = make_images(count, (16, 16, 3), seed) // 8
    return noise + (labels * 150).astype(np.uint8)[:, None, None, None], labels


def write_classes(folder, images, labels):
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        dcgan_tf.images.save_png(
            folder / str(label) / f"{index}.png", image, "sample"
        )
    return folder


@pytest.mark.parametrize("kind", ["arrays", "batches", "folders"])
def test_the_probe_takes_any_images(run, tmp_path, kind):
    training, test = make_classes(500), make_classes(40, seed=1)
    if kind == "batches":
        import tensorflow as tf

        training = tf.data.Dataset.from_tensor_slices(training).batch(7)
    if kind == "folders":
        training = write_classes(tmp_path / "train", *training)
        test = write_classes(tmp_path / "test", *test)
    result = run.evaluate(
        [], probe="few_labels", probe_data=training, probe_held_out=test,
        probe_rows=["pixels"], probe_labels=[100],
    )  # fmt: skip
    assert result["probe"][0]["accuracy"] > 0.9
    assert result["probe_data"]["num_test"] == 40
    assert "dataset" not in result  # None of the run's own images were read.


def test_probes_on_other_arrays_are_kept_apart(run, tmp_path):
    """All arrays have one name as a dataset."""
    folder = shutil.copytree(run.path, tmp_path / "run")
    copy = dcgan_tf.load(folder)
    found = []
    for seed in (0, 1):
        result = copy.evaluate(
            [], probe="few_labels", probe_data=make_classes(500, seed),
            probe_held_out=make_classes(40, seed=2),
            probe_rows=["pixels"], probe_labels=[100],
        )  # fmt: skip
        found.append(result["probe_data"]["images_digest"])
    assert len(set(found)) == 2
    reports = (folder / "evaluation").glob("*-few_labels-*.json")
    kept = [json.loads(path.read_text())["probe_data"] for path in reports]
    # Beside those of the tests that this one shares its run with.
    assert set(found) <= {data.get("images_digest") for data in kept}


PROBE = ("probe_data", "probe_held_out")
REFUSED_PROBES = [
    ({"probe_data": make_classes(40)}, "give some as probe_held_out"),
    (dict.fromkeys(PROBE, make_classes(40)[0]), "one class each"),
    ({"probe_data": (make_images() / 255, np.arange(40) % 4)}, "* 255"),
    ({"probe_data": make_images() * 1.0}, "images.round().astype('uint8')"),
    ({"probe_data": "./nowhere"}, "nowhere"),
    ({"probe_held_out": make_classes(40)}, "without images as probe_data"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED_PROBES)
def test_images_that_cannot_be_probed_on_are_refused(run, given, message):
    with pytest.raises((ValueError, OSError), match=re.escape(message)):
        run.evaluate([], probe="few_labels", **given)


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
        (lambda run, _: run.evaluate(features="x"), "feature_extractor"),
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


def test_arrays_without_held_out_images_are_not_evaluated(
    run, conditional_run, images
):
    for model in (conditional_run, dcgan_tf.load(run.path, images=images)):
        with pytest.raises(ValueError, match="held_out"):
            model.evaluate()
    with pytest.raises(ValueError, match=r"dcgan_tf\.load"):
        dcgan_tf.load(run.path).evaluate()


# What goes in.


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


def make_dataset(kind, images):
    import tensorflow as tf

    labels = np.arange(len(images), dtype=np.int64) % 2
    pairs = tf.data.Dataset.from_tensor_slices((images, labels))
    return {
        "images": pairs.map(lambda image, label: image),
        "pairs": pairs,
        "batches": pairs.batch(7),
        "dicts": pairs.map(lambda x, y: {"image": x, "label": y, "id": "a"}),
        "shuffled": pairs.shuffle(len(images)),
        "of unknown length": pairs.filter(lambda x, y: True),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["images", "pairs", "batches", "dicts", "shuffled", "of unknown length"],
)
def test_datasets_are_read_once_in_an_order_of_their_own(kind, images):
    from dcgan_tf.data.given.images import open_given

    source = open_given(make_dataset(kind, images))
    again = open_given(make_dataset(kind, images[::-1]))
    assert source.num_examples == len(images)
    assert source.num_classes == (0 if kind == "images" else 2)
    assert source.fingerprint_images() == again.fingerprint_images()
    first, second = (
        [image for image, _ in opened.read_all().as_numpy_iterator()]
        for opened in (source, again)
    )
    np.testing.assert_array_equal(first, second)


def test_any_few_arrays_in_a_row_are_a_fair_sample():
    """Sorted by class, the first 30 would be of one class."""
    from dcgan_tf.config import DataConfig, ModelConfig
    from dcgan_tf.data.given.images import open_given
    from dcgan_tf.data.pipeline import load_images

    labels = np.repeat(np.arange(4), 50)
    images = np.full((200, 16, 16, 1), 0, np.uint8)
    images[:] = (np.arange(200) + labels).reshape(-1, 1, 1, 1)
    source = open_given((images, labels))
    model = ModelConfig((16, 16), 1)
    some, classes = load_images(source, model, DataConfig("arrays"), 30)
    assert np.bincount(classes, minlength=4).min() >= 3
    positions = [int(source.name_of(i)) for i in range(200)]
    assert sorted(positions) == [*range(200)]
    np.testing.assert_array_equal(classes, labels[positions[:30]])
    np.testing.assert_array_equal(some, images[positions[:30]])


def make_dataset_of_several(shapes):
    import tensorflow as tf

    pictures = [make_images(1, shape, i)[0] for i, shape in enumerate(shapes)]
    return tf.data.Dataset.from_generator(
        lambda: iter(pictures),
        output_signature=tf.TensorSpec((None, None, None), tf.uint8),
    )


def test_images_of_several_sizes_become_one():
    from dcgan_tf.config import DataConfig, ModelConfig
    from dcgan_tf.data.given.images import choose_settings, open_given
    from dcgan_tf.data.pipeline import load_images

    dataset = make_dataset_of_several([(20, 30, 3), (40, 18, 3)])
    source = open_given(dataset)
    assert choose_settings(source) == {
        "dataset": "arrays", "preset": "paper_64", "channels": 3
    }  # fmt: skip
    model = ModelConfig((16, 16), 3)
    read, _ = load_images(source, model, DataConfig("arrays"))
    assert read.shape == (2, 16, 16, 3)


def endless(images):
    import tensorflow as tf

    def generate():
        while True:
            yield from images

    return tf.data.Dataset.from_generator(
        generate, output_signature=tf.TensorSpec((16, 16, 3), tf.uint8)
    )


def failing(images):
    import tensorflow as tf

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
    (lambda x: make_dataset("batches", x[..., 0]), "shape (7, 16, 16)"),
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
    from dcgan_tf.data.given import arrays

    monkeypatch.setattr(arrays, "measure_available_memory", lambda: 100_000)
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


@pytest.mark.parametrize(
    ("shape", "preset", "image_size"),
    [
        ((28, 28), "mnist_32", (28, 28)),
        ((32, 32, 3), "svhn_32", (32, 32)),
        ((32, 32, 4), "svhn_32", (32, 32)),
        ((96, 96, 3), "paper_64", (96, 96)),
        ((64, 128, 1), "paper_64", (64, 128)),
        ((17, 23, 1), "mnist_32", None),
        ((500, 400, 3), "paper_64", None),
    ],
)
def test_networks_follow_the_shape_of_arrays(shape, preset, image_size):
    from dcgan_tf.data.given.images import choose_settings, open_given

    source = open_given(make_images(2, shape))
    settings = choose_settings(source)
    assert settings["preset"] == preset
    assert settings.get("image_size") == image_size
    is_grey = len(shape) == 2 or shape[2] == 1
    assert settings["channels"] == (1 if is_grey else 3)


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
    ("place", "setting"),
    [
        ("mnist_5k", "dataset"),
        ("CelebA", "dataset"),
        ("imagenet_resized/32x32", "dataset"),
        ("no_folder_here", "dataset"),
        ("cats", "image_dir"),
        ("mnist", "dataset"),
        ("./mnist", "image_dir"),
        (Path("mnist"), "image_dir"),
        ("~/cats", "image_dir"),
        ("/nowhere", "image_dir"),
        ("..", "image_dir"),
        ("", "image_dir"),
    ],
)
def test_a_name_is_a_dataset_and_a_path_a_folder(
    place, setting, tmp_path, monkeypatch
):
    from dcgan_tf.data.given.images import name_place

    monkeypatch.chdir(tmp_path)
    Path("cats").mkdir()
    Path("mnist").mkdir()
    assert list(name_place(place)) == [setting]


@pytest.mark.parametrize(
    ("place", "message"),
    [("celebaa", "celeb_a"), ("./nowhere", "nowhere")],
)
def test_a_place_that_is_not_there_is_named(place, message, tmp_path):
    with pytest.raises((OSError, ValueError), match=message):
        dcgan_tf.train(place, tmp_path / "run", **TINY)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a run nor an export"):
        dcgan_tf.load(tmp_path)


def test_an_export_has_one_checkpoint(export_dir):
    with pytest.raises(ValueError, match="one checkpoint"):
        dcgan_tf.load(export_dir, "best")


def test_a_command_says_that_arrays_must_be_given_again(run, capsys):
    from dcgan_tf.cli import evaluate

    assert evaluate.main([f"--run_dir={run.path}"]) == 1
    error = capsys.readouterr().err
    assert "dcgan_tf.load" in error
