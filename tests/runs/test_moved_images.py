"""Images that a run can't find by itself, and that are named to load it."""

import contextlib
import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from fixtures import tiny_run

import dcgan_tf
from dcgan_tf import images as image_ops
from dcgan_tf.cli import analyze, evaluate, export
from dcgan_tf.cli.model_flags import find_moved_data
from dcgan_tf.config import DataConfig
from dcgan_tf.data.held_out import NothingHeldOutError
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.preprocess.prepare import prepare_image
from dcgan_tf.evaluation.segmentation import can_segment
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.serving.export import export_run
from dcgan_tf.serving.saved_model import load_version
from dcgan_tf.serving.trained_export import load_exported_model
from dcgan_tf.serving.web import page
from dcgan_tf.setting_names import settings_are_flags

TINY = {
    "image_size": 16,
    "base_filters": 4,
    "latent_dim": 8,
    "steps": 1,
    "batch_size": 8,
    "precision": "float32",
    "strategy": "one_device",
}
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)


def save_images(folder, images):
    from PIL import Image

    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A run on arrays, beside these as a folder and a folder of others."""
    root = tmp_path_factory.mktemp("given")
    save_images(root / "same", IMAGES)
    tiny_run.make_pictures(root / "others")
    dcgan_tf.train(IMAGES, root / "run", **TINY)
    return root


@pytest.mark.parametrize("recorded", ["none", "auto", "large"])
def test_arrays_in_a_folder_are_all_trained_on(
    given, tmp_path, capsys, recorded
):
    run_dir = shutil.copytree(given / "run", tmp_path / "run")
    record = json.loads((run_dir / "config.json").read_text())
    assert record["data"]["hold_out"] == "none"
    # As runs recorded it before.
    record["data"]["hold_out"] = recorded
    (run_dir / "config.json").write_text(json.dumps(record))
    run = dcgan_tf.load(run_dir, images=given / "same")
    with pytest.raises(NothingHeldOutError, match="of the 40 images"):
        run.evaluate(["frechet"])
    argv = [f"--run_dir={run_dir}", f"--image_dir={given / 'same'}"]
    assert evaluate.main([*argv, "--measures=frechet"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert "none are held out" in errors[-1] and "--held_out_dir" in errors[-1]
    others = {"images": given / "same", "held_out": given / "others"}
    run = dcgan_tf.load(run_dir, **others)
    counts = run.evaluate(["frechet"], features="random")["counts"]
    assert (counts["training"], counts["held_out"]) == (40, 12)


@pytest.fixture(scope="module")
def gone(tmp_path_factory):
    """A run whose folder isn't there any more, and a folder of others."""
    root = tmp_path_factory.mktemp("gone")
    tiny_run.make_run(root / "run", tiny_run.make_pictures(root / "pictures"))
    (root / "pictures").rename(root / "others")
    return root


@pytest.mark.parametrize("kind", ["given", "gone"])
def test_held_out_images_do_not_say_where_those_trained_on_are(
    request, caplog, kind
):
    """Features are had without either, with saved statistics."""
    root = request.getfixturevalue(kind)
    expected = dcgan_tf.load(root / "run").features(IMAGES[:4])
    for held_out in (IMAGES, root / "others"):
        caplog.clear()
        run = dcgan_tf.load(root / "run", held_out=held_out)
        np.testing.assert_array_equal(run.features(IMAGES[:4]), expected)
        assert "saved batch-norm statistics" in caplog.text
    run = dcgan_tf.load(root / "run", images=root / "nowhere")
    with pytest.raises(OSError, match="nowhere"):
        run.features(IMAGES[:4])


@pytest.fixture(scope="module")
def named(gone, tmp_path_factory):
    """A run on a dataset of TFDS's that isn't there."""
    root = tmp_path_factory.mktemp("named")
    run_dir = shutil.copytree(gone / "run", root / "run")
    record = json.loads((run_dir / "config.json").read_text())
    record["data"] |= {"dataset": "no_such_dataset", "image_dir": None}
    (run_dir / "config.json").write_text(json.dumps(record))
    return root


FOLDER, BOTH = "--image_dir says where", "--data_dir or --image_dir says where"


@pytest.mark.parametrize(
    ("kind", "command", "advice"),
    [
        ("gone", None, "; images says where it is"),
        ("gone", analyze, "; put it back where it was"),
        ("gone", evaluate, f"; {FOLDER} it is"),
        ("gone", export, f"; {FOLDER} it is"),
        ("given", None, "; images says where it is"),
        ("given", analyze, "or images as a folder)"),
        ("given", evaluate, f"; {FOLDER} it is"),
        ("given", export, f"; {FOLDER} it is"),
        ("named", None, "; images says where it is"),
        ("named", analyze, "; put it back where it was"),
        ("named", evaluate, f"; {BOTH} it is"),
        ("named", export, f"; {BOTH} it is"),
    ],
)
def test_advice_is_of_what_a_command_takes(
    request, caplog, kind, command, advice
):
    root = request.getfixturevalue(kind)
    values = flags.FlagValues()
    if command is not None:
        command.define_flags(values)
    names = contextlib.nullcontext()
    if command is not None:
        names = settings_are_flags(values)
    with names:
        dcgan_tf.load(root / "run").features(IMAGES[:4])
    (record,) = caplog.records
    assert record.message.endswith(advice)
    assert ("--data_dir" in record.message) == ("--data_dir" in advice)
    # Each of them is one that is taken.
    config = load_run_config(root / "run")
    for name in re.findall(r"--(\w+_dir)", advice):
        values.unparse_flags()
        values(["command", f"--{name}={root / 'others'}"])
        moved = find_moved_data(config.data, values)
        assert getattr(moved, name) == str(root / "others")


@pytest.mark.parametrize("kind", ["gone", "given"])
def test_a_command_advises_nothing_that_it_has_no_flag_for(
    request, kind, tmp_path, capsys
):
    root = request.getfixturevalue(kind)
    assert analyze.main(["filters", f"--run_dir={root / 'run'}"]) == 0
    printed = "".join(capsys.readouterr())
    assert "can't be read" in printed and "--" not in printed
    assert ("; put it back where it was" in printed) == (kind == "gone")
    argv = [f"--run_dir={root / 'run'}", f"--export_dir={tmp_path}"]
    assert export.main(argv) == 0
    printed = "".join(capsys.readouterr())
    assert f"; {FOLDER}" in printed and "--data_dir" not in printed
    assert export.main([*argv, f"--image_dir={root / 'others'}"]) == 0
    assert "can't be read" not in "".join(capsys.readouterr())


def test_nor_do_they_of_an_export(gone, tmp_path):
    export_run(gone / "run", tmp_path / "export", log=lambda line: None)
    run = dcgan_tf.load(tmp_path / "export", held_out=gone / "others")
    data = run.config.data
    assert data.held_out_dir == str(gone / "others")

    def load_batches(data):
        lines = []
        model = load_exported_model(
            tmp_path / "export", real_data=data, log=lines.append
        )
        return model.real_batches, lines

    batches, lines = load_batches(data)
    assert batches == [] and "can't be read" in lines[0]
    moved = dcgan_tf.load(tmp_path / "export", images=gone / "others")
    batches, lines = load_batches(moved.config.data)
    assert sum(map(len, batches)) == 12 and not lines
    moved = dcgan_tf.load(tmp_path / "export", images=gone / "nowhere")
    with pytest.raises(OSError, match="nowhere"):
        load_batches(moved.config.data)
    assert load_run_config(gone / "run").data.held_out_dir is None


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A run on MNIST's digits, beside 140 of these as a folder of files."""
    root = tmp_path_factory.mktemp("digits")
    dcgan_tf.train("mnist_5k", root / "run", **{**TINY, "image_size": 32})
    images = load_source(DataConfig()).read_all().take(140)
    save_images(
        root / "files",
        (image[..., 0] for image, _ in images.as_numpy_iterator()),
    )
    return root


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("is_export", [False, True])
def test_digits_that_moved_are_padded_as_in_training(
    digits, tmp_path, moved, is_export
):
    images = digits / "files" if moved else None
    path = digits / "run"
    if is_export:
        path = tmp_path / "export"
        argv = [f"--run_dir={digits / 'run'}", f"--export_dir={path}"]
        argv += [f"--image_dir={images}"] if moved else []
        assert export.main(argv) == 0
    model = dcgan_tf.load(path, images=images)._model
    real = np.concatenate(model.real_batches)
    border = real.copy()
    border[:, 2:-2, 2:-2] = -1
    assert (border == -1).all() and real.max() == 1
    described = model.config.data
    assert described.trained_dataset == "mnist_5k"
    assert can_segment(model) == (not is_export)
    assert described.image_dir == (str(images) if moved else None)
    if not is_export:
        words = page.describe_model(model.generator, model.config, 1)
        assert words["dataset"] == "5,000 handwritten digits"
        return
    (version,) = (path / "discriminator_features").iterdir()
    signatures = load_version(version).signatures
    file = digits / "files" / "3.png"
    given = prepare_image(
        tf.io.decode_png(file.read_bytes()), model.config.model, DataConfig()
    )
    features = [
        outputs["features"].numpy()
        for outputs in (
            signatures["encoded"](image_bytes=tf.constant([file.read_bytes()])),
            signatures["serving_default"](
                images=image_ops.to_float(given)[None]
            ),
        )
    ]
    np.testing.assert_allclose(*features, rtol=1e-4, atol=1e-4)
