import dataclasses
import io
import re
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from fixtures import forked, tiny_run
from PIL import Image

from dcgan_tf import images
from dcgan_tf.data.files.decoding import decode_file
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.generator import build_generator
from dcgan_tf.models.networks import build_networks
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.serving import saved_model

MODEL = tiny_run.MODEL
SEEDS = np.array([7, -3, 2**40, 0, 7], np.int64)


@pytest.fixture(scope="module")
def generator(export_dir):
    return saved_model.load_version(export_dir / "generator" / "1")


@pytest.fixture(scope="module")
def features(export_dir):
    path = export_dir / "discriminator_features" / "1"
    return tf.saved_model.load(str(path))


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    model = dataclasses.replace(MODEL, num_classes=3)
    path = tmp_path_factory.mktemp("conditional") / "1"
    saved_model.save_generator(build_generator(model), model, path)
    return tf.saved_model.load(str(path))


def test_saved_graphs_load_without_a_warning(export_dir, conditional, caplog):
    """Gradients within gradients would not be saved, and be warned of."""
    caplog.clear()
    for path in export_dir.glob("*/1/saved_model.pb"):
        tf.saved_model.load(str(path.parent))
    assert not caplog.messages


def draw_latents(count):
    return latents_from_seeds(np.arange(count), MODEL.latent_dim).numpy()


def encode(pixels, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("batch_size", [1, 7])
def test_images_are_the_networks_at_any_batch_size(
    generator, networks, batch_size
):
    latents = draw_latents(batch_size)
    served = generator.signatures["serving_default"](latents=latents)
    assert set(served) == {"images"}
    assert served["images"].dtype == tf.float32
    np.testing.assert_allclose(
        served["images"], networks.generator(latents), atol=1e-5
    )


def test_a_seed_gives_one_image_in_any_batch(generator, networks):
    sample = generator.signatures["sample"]
    together = sample(seeds=SEEDS)["images"].numpy()
    assert together.dtype == np.uint8
    assert together.shape == (5, 16, 16, 3)
    for seed, image in zip(SEEDS, together, strict=True):
        alone = sample(seeds=np.array([seed]))["images"].numpy()[0]
        np.testing.assert_array_equal(alone, image)
    assert len(np.unique(together, axis=0)) == len(set(SEEDS))
    latents = latents_from_seeds(SEEDS, MODEL.latent_dim)
    expected = images.to_uint8(networks.generator(latents)).numpy()
    assert np.abs(expected.astype(int) - together).max() <= 1


def test_a_seed_gives_the_same_image_after_a_restart(
    generator, export_dir, tmp_path
):
    code = (
        "import sys, numpy as np;"
        "from dcgan_tf.serving.trained_export import load_exported_model;"
        "sample = load_exported_model(sys.argv[1]).exported.load_sampler();"
        "s = np.array([int(a) for a in sys.argv[3:]]);"
        "np.save(sys.argv[2], sample(s, None))"
    )
    path = tmp_path / "drawn.npy"
    done = forked.run(["-c", code, export_dir, path, *map(str, SEEDS)])
    assert done.returncode == 0, done.stderr
    expected = generator.signatures["sample"](seeds=SEEDS)["images"].numpy()
    np.testing.assert_array_equal(np.load(path), expected)


def test_png_files_hold_the_images(generator):
    latents = draw_latents(3)
    floats = generator.signatures["serving_default"](latents=latents)["images"]
    files = generator.signatures["png"](latents=latents)["image_bytes"].numpy()
    for contents, image in zip(files, images.to_uint8(floats), strict=True):
        decoded = np.asarray(Image.open(io.BytesIO(contents)))
        np.testing.assert_array_equal(decoded, image)


@pytest.mark.parametrize("batch_size", [1, 7])
def test_features_are_the_networks_at_any_batch_size(
    features, networks, run_dir, batch_size
):
    pixels = np.random.default_rng(1).uniform(-1, 1, (batch_size, 16, 16, 3))
    served = features.signatures["serving_default"](
        images=pixels.astype(np.float32)
    )
    assert served["features"].shape == (batch_size, 16 * (4 + 8))
    assert served["logits"].shape == (batch_size, 1)
    expected = build_feature_extractor(networks.discriminator)(pixels)
    for name in ("features", "logits"):
        np.testing.assert_allclose(served[name], expected[name], atol=1e-5)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_encoded_images_are_prepared_as_in_training(features, kind):
    rng = np.random.default_rng(2)
    small = rng.integers(0, 256, (16, 16, 3), np.uint8)
    wide = rng.integers(0, 256, (40, 90, 3), np.uint8)
    files = [encode(small, kind), encode(wide, kind)]
    served = features.signatures["encoded"](image_bytes=tf.constant(files))
    exact = np.stack([np.asarray(Image.open(io.BytesIO(f))) for f in files[:1]])
    expected = features.signatures["serving_default"](
        images=images.to_float(exact)
    )
    np.testing.assert_allclose(
        served["features"][:1], expected["features"], atol=1e-5
    )
    assert served["features"].shape[0] == 2


@pytest.mark.parametrize("kind", ["CMYK", "palette"])
def test_encoded_images_of_any_colours_are_those_of_the_folders_decoder(
    features, kind
):
    colours = np.random.default_rng(3).integers(0, 256, (16, 16, 4), np.uint8)
    file = io.BytesIO()
    if kind == "CMYK":
        Image.fromarray(colours, "CMYK").save(file, "JPEG", quality=95)
        # Without the segment that says whose colours these are.
        contents = re.sub(b"\xff\xee\x00\x0eAdobe.{7}", b"", file.getvalue())
        assert b"Adobe" not in contents
    else:
        image = Image.fromarray(colours[..., 0] % 16, "P")
        image.putpalette(colours[:3].tobytes())
        image.save(file, "PNG", bits=4, transparency=bytes([15] * 16))
        contents = file.getvalue()
    pixels = decode_file(io.BytesIO(contents), "white")
    by_file = features.signatures["encoded"](
        image_bytes=tf.constant([contents])
    )
    by_pixels = features.signatures["serving_default"](
        images=images.to_float(pixels)[None]
    )
    # Both decoders' roundings differ by a level.
    np.testing.assert_allclose(
        by_file["features"], by_pixels["features"], atol=0.1
    )


def test_encoded_levels_of_16_bits_are_scaled_as_in_training(
    networks, tmp_path
):
    """A microscope's 12 bits are all but black by their upper byte."""
    config = networks.config
    data = dataclasses.replace(config.data, level_range=(0, 4_096))
    saved_model.save_feature_extractor(
        networks.discriminator, config.model, data, tmp_path / "features"
    )
    loaded = tf.saved_model.load(str(tmp_path / "features"))
    pixels = np.random.default_rng(2).integers(0, 256, (16, 16, 3), np.uint8)
    deep = tf.io.encode_png(pixels.astype(np.uint16) * 16 + 7).numpy()
    served = loaded.signatures["encoded"](
        image_bytes=tf.constant([deep, encode(pixels, "PNG")])
    )
    np.testing.assert_array_equal(served["features"][0], served["features"][1])


def write_png_header(width, height):
    """A PNG file that claims a size and holds nothing."""
    fields = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + fields))
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + fields + checksum


@pytest.mark.parametrize(
    "contents, message",
    [
        (b"no image", "not a whole JPEG or PNG"),
        (b"", "not a whole JPEG or PNG"),
        (b"\x89PNG\r\n\x1a\n", "not a whole JPEG or PNG"),
        (write_png_header(100_000, 100_000), "over 33554432 pixels"),
        (write_png_header(2**31, 2**31), "over 33554432 pixels"),
        (write_png_header(0, 5), "no pixels"),
        (write_png_header(10, 10), "PNG"),
    ],
    ids=["text", "empty", "cut", "large", "huge", "flat", "hollow"],
)
def test_bytes_that_are_no_image_are_refused(features, contents, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        features.signatures["encoded"](image_bytes=tf.constant([contents]))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "latents : Tensor had NaN"),
        (np.inf, "latents : Tensor had Inf"),
        (-np.inf, "latents : Tensor had Inf"),
        (3e38, r"latents must be drawn from \[-1, 1\]; .* is\] \[3e\+38"),
        (-3e38, r"latents must be drawn from \[-1, 1\]; .* is\] \[3e\+38"),
        (1.1e6, "latents must be drawn from"),
        (1e6, None),
        (-30.0, None),
    ],
)
@pytest.mark.parametrize("name", ["serving_default", "png"])
@pytest.mark.parametrize("model", ["generator", "conditional"])
def test_latents_too_large_or_not_finite_are_refused(
    request, model, name, value, message
):
    function = request.getfixturevalue(model).signatures[name]
    latents = draw_latents(2)
    latents[1, 3] = value
    inputs = {"latents": tf.constant(latents)}
    if model == "conditional":
        inputs["labels"] = tf.constant([0, 2])
    if message is None:
        (outputs,) = function(**inputs).values()
        assert outputs.dtype == tf.string or np.isfinite(outputs).all()
        return
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        function(**inputs)


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("family", ["dcgan", "gan", "lapgan"])
def test_images_that_are_not_finite_are_refused(tmp_path, family, num_classes):
    settings = resolve_run_config({"family": family, "image_size": 16})
    model = dataclasses.replace(settings.model, num_classes=num_classes)
    network, _ = build_networks(model)
    weight = network.trainable_variables[-1]
    weight.assign(weight * np.nan)
    saved_model.save_generator(network, model, tmp_path / "1")
    signatures = tf.saved_model.load(str(tmp_path / "1")).signatures
    inputs = {"labels": tf.constant([0, 2])} if num_classes else {}
    latents = {"latents": tf.zeros((2, model.latent_dim)), **inputs}
    seeds = {"seeds": tf.constant([1, 2], tf.int64), **inputs}
    for name, given in (
        ("serving_default", latents),
        ("png", latents),
        ("sample", seeds),
    ):
        (what, *_) = given
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=f"images of these {what}"
        ):
            signatures[name](**given)


NOTHING = {
    "latents": np.zeros((0, 5), "f"),
    "seeds": np.zeros(0, np.int64),
    "labels": np.zeros(0, np.int32),
    "images": np.zeros((0, 16, 16, 3), "f"),
    "image_bytes": np.zeros(0, "S1"),
}
SHAPES = {
    "images": (0, 16, 16, 3),
    "image_bytes": (0,),
    "features": (0, 16 * (4 + 8)),
    "logits": (0, 1),
}


@pytest.mark.parametrize(
    "model, signature",
    [
        ("generator", "serving_default"),
        ("generator", "sample"),
        ("generator", "png"),
        ("conditional", "serving_default"),
        ("conditional", "sample"),
        ("conditional", "png"),
        ("features", "serving_default"),
        ("features", "encoded"),
    ],
)
def test_an_empty_batch_gives_one(request, model, signature):
    function = request.getfixturevalue(model).signatures[signature]
    _, names = function.structured_input_signature
    outputs = function(**{name: tf.constant(NOTHING[name]) for name in names})
    assert {k: tuple(v.shape) for k, v in outputs.items()} == {
        name: SHAPES[name] for name in outputs
    }


def fill(*shape, value=0.0, dtype=np.float32):
    return np.full(shape, value, dtype)


ONE_LABEL = fill(1, dtype=np.int32)


@pytest.mark.parametrize(
    "model, signature, inputs, message",
    [
        ("generator", "serving_default", {"latents": fill(2, 6)}, "shape"),
        ("generator", "serving_default", {"latents": fill(5)}, "shape"),
        ("generator", "serving_default", {"latents": fill(2, 5, 1)}, "shape"),
        (
            "generator",
            "serving_default",
            {"latents": fill(2, 5, dtype=np.float64)},
            "double",
        ),
        ("generator", "png", {"latents": fill(5)}, "shape"),
        ("generator", "png", {"latents": fill(2, 6)}, "shape"),
        (
            "generator",
            "sample",
            {"seeds": fill(2, 1, dtype=np.int64)},
            "shape",
        ),
        ("generator", "sample", {"seeds": fill(2)}, "float"),
        ("features", "serving_default", {"images": fill(1, 8, 8, 3)}, "shape"),
        (
            "features",
            "serving_default",
            {"images": fill(1, 16, 16, 1)},
            "shape",
        ),
        ("features", "serving_default", {"images": fill(16, 16, 3)}, "shape"),
        (
            "features",
            "serving_default",
            {"images": fill(1, 16, 16, 3, dtype=np.uint8)},
            "uint8",
        ),
        (
            "features",
            "serving_default",
            {"images": fill(1, 16, 16, 3, value=255)},
            r"images must be in \[-1, 1\]",
        ),
        ("features", "encoded", {"image_bytes": b"one"}, "shape"),
        ("features", "encoded", {"image_bytes": [[b"one"]]}, "shape"),
        ("features", "encoded", {"image_bytes": fill(2)}, "float"),
        (
            "conditional",
            "serving_default",
            {"latents": fill(2, 5), "labels": ONE_LABEL},
            "labels must be one for each latent",
        ),
        (
            "conditional",
            "png",
            {"latents": fill(1, 5), "labels": ONE_LABEL + 3},
            "labels must be from 0 to 2",
        ),
        (
            "conditional",
            "serving_default",
            {"latents": fill(1, 5), "labels": ONE_LABEL - 1},
            "labels must be from 0 to 2",
        ),
        (
            "conditional",
            "sample",
            {"seeds": fill(2, dtype=np.int64), "labels": ONE_LABEL},
            "labels must be one for each seed",
        ),
    ],
)
def test_other_inputs_are_refused_by_name(
    request, model, signature, inputs, message
):
    function = request.getfixturevalue(model).signatures[signature]
    with pytest.raises(
        (tf.errors.InvalidArgumentError, TypeError), match=message
    ) as caught:
        function(**{name: tf.constant(v) for name, v in inputs.items()})
    if message == "shape":
        (name,) = inputs
        pattern = f"tensor {name} .*expected shape"
        assert re.search(pattern, str(caught.value))


def test_a_session_loads_them(export_dir, generator):
    latents = draw_latents(2)
    expected = generator.signatures["serving_default"](latents=latents)
    path = str(export_dir / "generator" / "1")
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], path)
        signature = loaded.signature_def["serving_default"]
        images = session.run(
            signature.outputs["images"].name,
            {signature.inputs["latents"].name: latents},
        )
    np.testing.assert_allclose(images, expected["images"], atol=1e-6)


@pytest.mark.parametrize("name", ["generator", "discriminator_features"])
def test_every_weight_is_stored_once(tmp_path, name):
    model = tiny_run.ModelConfig((32, 32), 3, 100, 32, 5)
    if name == "generator":
        network = build_generator(model)
        saved_model.save_generator(network, model, tmp_path / "1")
    else:
        network = build_discriminator(model)
        saved_model.save_feature_extractor(
            network, model, tiny_run.DataConfig(), tmp_path / "1"
        )
    num_bytes = sum(
        path.stat().st_size
        for path in (tmp_path / "1").rglob("*")
        if path.is_file()
    )
    graph = (tmp_path / "1" / "saved_model.pb").stat().st_size
    expected = 4 * network.count_params()
    assert expected < num_bytes - graph < 1.05 * expected
    assert graph < 500_000


def test_another_precision_is_refused(tmp_path):
    network = build_generator(MODEL, "mixed_bfloat16")
    with pytest.raises(ValueError, match="bfloat16.*float32"):
        saved_model.save_generator(network, MODEL, tmp_path / "1")


def test_a_conditional_generator_takes_labels(tmp_path):
    model = tiny_run.ModelConfig((16, 16), 1, 5, 4, 3, num_classes=3)
    network = build_generator(model)
    saved_model.save_generator(network, model, tmp_path / "1")
    loaded = tf.saved_model.load(str(tmp_path / "1"))
    latents, labels = draw_latents(2), np.array([2, 0], np.int32)
    served = loaded.signatures["serving_default"](
        latents=latents, labels=labels
    )
    np.testing.assert_allclose(
        served["images"], network([latents, labels]), atol=1e-5
    )
    sample = loaded.signatures["sample"]
    sampled = sample(seeds=np.array([1, 1]), labels=labels)["images"]
    assert not np.array_equal(sampled[0], sampled[1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels"):
        sample(seeds=np.array([1]), labels=np.array([3], np.int32))
