"""Crop, resize, channels and decoding: eagerly, in tf.data, in a graph."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dcgan_tf.config import (
    DataConfig,
    ModelConfig,
    move_to_folder,
    parse_colour,
)
from dcgan_tf.data.files.decoding import decode_file
from dcgan_tf.data.given.images import resolve_given
from dcgan_tf.data.preprocess import colours, graph_decoding, sizes
from dcgan_tf.data.preprocess.prepare import prepare_image


def make_noise(height, width, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, channels), np.uint8)


def run_eagerly(function, image):
    return function(tf.constant(image)).numpy()


def run_in_dataset(function, image):
    # From a generator, whose sizes aren't known to the graph.
    signature = tf.TensorSpec((None, None, image.shape[-1]), tf.uint8)
    dataset = tf.data.Dataset.from_generator(
        lambda: iter([image]), output_signature=signature
    )
    return next(dataset.map(function).as_numpy_iterator()).copy()


@pytest.fixture(params=[run_eagerly, run_in_dataset])
def run(request):
    return request.param


@pytest.mark.parametrize(
    ("size", "target", "crop", "box"),
    [
        ((32, 32), (16, 16), 0, (0, 32, 0, 32)),
        ((40, 64), (16, 16), 0, (0, 40, 12, 52)),
        ((64, 40), (16, 16), 0, (12, 52, 0, 40)),
        ((64, 64), (16, 32), 0, (16, 48, 0, 64)),
        ((218, 178), (64, 64), 108, (55, 163, 35, 143)),
        ((100, 50), (16, 32), 80, (37, 62, 0, 50)),
        ((20, 20), (16, 16), 108, (0, 20, 0, 20)),
    ],
)
def test_what_is_cut_is_centred_and_of_the_targets_aspect(
    run, size, target, crop, box
):
    image = make_noise(*size)
    result = run(lambda i: sizes.crop_and_resize(i, target, crop), image)
    top, bottom, left, right = box
    part = Image.fromarray(image[top:bottom, left:right])
    # Pillow's bilinear filter is an antialiased triangle, too.
    expected = np.asarray(
        part.resize(target[::-1], Image.Resampling.BILINEAR), np.int32
    )
    assert result.shape == (*target, 3)
    assert np.abs(result - expected).max() <= 1


def test_image_of_the_targets_size_is_untouched(run):
    image = make_noise(16, 32)
    result = run(lambda i: sizes.crop_and_resize(i, (16, 32)), image)
    np.testing.assert_array_equal(result, image)


def test_fine_checkerboard_turns_grey(run):
    image = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    result = run(lambda i: sizes.crop_and_resize(i, (16, 16)), image[..., None])
    assert np.abs(result[2:-2, 2:-2] - 127.5).max() < 2


def prepare(run, image, size, channels=3, **options):
    model = ModelConfig(size, channels)
    data = DataConfig(dataset="image_folder", image_dir="x", **options)
    return run(lambda i: prepare_image(i, model, data), image)


@pytest.mark.parametrize(
    ("size", "target", "crop", "inner"),
    [
        ((40, 20), (32, 32), 0, np.s_[:, 8:24]),
        ((10, 30), (32, 64), 0, np.s_[5:26, :]),
        ((10, 20), (32, 64), 0, np.s_[:, :]),
        ((300, 1), (32, 32), 0, np.s_[:, 15:16]),
        ((1, 1), (16, 16), 0, np.s_[:, :]),
        ((100, 20), (32, 32), 40, np.s_[:, 8:24]),
    ],
)
def test_padding_keeps_all_and_fills_up(run, size, target, crop, inner):
    image = np.full((*size, 3), 77, np.uint8)
    result = prepare(
        run, image, target, fit="pad", crop=crop, background="#102030"
    )
    expected = np.full((*target, 3), (16, 32, 48), np.uint8)
    expected[inner] = 77
    np.testing.assert_array_equal(result, expected)


def test_padding_of_grey_is_grey(run):
    image = np.zeros((16, 8, 3), np.uint8)
    result = prepare(run, image, (16, 16), 1, fit="pad", background="#ff0000")
    assert result.shape == (16, 16, 1)
    assert result[0, :, 0].tolist() == [76] * 4 + [0] * 8 + [76] * 4


def test_stretching_keeps_all_and_distorts(run):
    image = np.zeros((10, 64, 3), np.uint8)
    image[:, 32:] = 200
    result = prepare(run, image, (32, 32), fit="stretch")
    assert (result[:, :15] == 0).all() and (result[:, 17:] == 200).all()
    result = prepare(run, image, (32, 32), fit="stretch", crop=20)
    assert (result[:, :14] == 0).all() and (result[:, 18:] == 200).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2)])
def test_tiny_images_are_enlarged(run, size):
    image = np.full((*size, 3), 77, np.uint8)
    result = run(lambda i: sizes.crop_and_resize(i, (16, 16)), image)
    assert (result == 77).all()


@pytest.mark.parametrize("given", [1, 3, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_channels_are_pillows(run, given, channels):
    image = make_noise(16, 16, given)
    result = run(
        lambda i: colours.convert_channels(i, channels, "#102030"), image
    )
    picture = Image.fromarray(image[..., 0] if given == 1 else image)
    if given == 4:
        sheet = Image.new("RGBA", picture.size, "#102030")
        picture = Image.alpha_composite(sheet, picture)
    expected = np.asarray(
        picture.convert("RGB").convert("L" if channels == 1 else "RGB")
    ).reshape(16, 16, channels)
    np.testing.assert_array_equal(result, expected)


def test_other_channel_counts_are_refused():
    with pytest.raises(ValueError, match="2 channels"):
        colours.convert_channels(tf.zeros((4, 4, 2), tf.uint8), 3)


@pytest.mark.parametrize("name", ["mnist_5k", "mnist", "fashion_mnist:3.*.*"])
def test_small_digits_are_padded_with_black(run, name):
    image = make_noise(28, 28, 1)
    model = ModelConfig((32, 32), 1)
    data = DataConfig(dataset=name)
    result = run(lambda i: prepare_image(i, model, data), image)
    np.testing.assert_array_equal(result[2:-2, 2:-2], image)
    result[2:-2, 2:-2] = 0
    assert not result.any()


def test_padded_digits_are_not_padded_again(run):
    image = make_noise(32, 32, 1)
    model = ModelConfig((32, 32), 1)
    result = run(lambda i: prepare_image(i, model, DataConfig()), image)
    np.testing.assert_array_equal(result, image)


def test_other_datasets_are_not_padded(run):
    image = np.full((28, 28, 1), 200, np.uint8)
    model, data = ModelConfig((32, 32), 1), DataConfig(dataset="omniglot")
    result = run(lambda i: prepare_image(i, model, data), image)
    assert (result == 200).all()


@pytest.mark.parametrize(
    ("places", "is_padded"),
    [
        (("mnist_5k", "./digits"), True),
        (("mnist:3.0.1", "./digits", "./elsewhere"), True),
        (("fashion_mnist", "./digits", "fashion_mnist"), True),
        (("mnist", "mnist_5k", "./digits"), True),
        (("mnist", "svhn_cropped"), True),
        (("arrays", "mnist"), False),
        (("arrays", "./digits", "mnist"), False),
        (("./digits", "mnist"), False),
        (("./digits", "mnist", "./elsewhere"), False),
        (("svhn_cropped", "mnist_5k"), False),
        (("svhn_cropped", "./digits"), False),
    ],
)
def test_images_that_move_are_padded_as_those_trained_on(places, is_padded):
    trained, *moves = (resolve_given(place).settings for place in places)
    trained = {"dataset": "image_folder", **trained}
    data = DataConfig(**trained, hold_out="none", background="red")
    moved = moved_by_flags = data
    for place, settings in zip(places[1:], moves, strict=True):
        moved = resolve_given(place).move(moved)
        if folder := settings.get("image_dir"):
            moved_by_flags = move_to_folder(moved_by_flags, folder)
        else:
            moved_by_flags = moved
    assert moved == moved_by_flags
    last = {"image_dir": None, "dataset": "image_folder", **moves[-1]}
    assert {name: getattr(moved, name) for name in last} == last
    assert moved.trained_dataset == trained["dataset"]
    image = np.full((28, 28, 1), 255, np.uint8)
    model = ModelConfig(image_size=(32, 32), channels=1)
    prepared = prepare_image(image, model, moved).numpy()
    np.testing.assert_array_equal(
        prepared, prepare_image(image, model, data).numpy()
    )
    assert prepared[0, 0, 0] == (0 if is_padded else 255)


def test_bad_background_is_named():
    with pytest.raises(ValueError, match="'whit'.*no colour"):
        parse_colour("whit")


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [
        ("RGB", "JPEG"),
        ("L", "JPEG"),
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("P4", "PNG"),
        ("1", "PNG"),
    ],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_decoding_in_a_graph_is_the_folders_decoding(
    tmp_path, mode, file_format, channels
):
    smooth = np.asarray(
        Image.fromarray(make_noise(6, 7, 4)).resize((35, 30), 2)
    )
    image = Image.fromarray(smooth)
    contents = io.BytesIO()
    if mode.startswith("P"):
        num_colours = 2 ** int(mode[1:] or 8)
        image.convert("RGB").quantize(num_colours).save(contents, file_format)
    else:
        image.convert(mode).save(contents, file_format)
    path = tmp_path / "picture"
    path.write_bytes(contents.getvalue())
    rgb = decode_file(path, "tomato", alpha=channels == 4)
    expected = np.asarray(colours.convert_channels(rgb, channels))
    decode = tf.function(
        lambda c: graph_decoding.decode_image_bytes(c, channels, "tomato")
    )
    result = decode(tf.constant(contents.getvalue())).numpy()
    # Two JPEG libraries may round differently; PNG is exact.
    tolerance = 3 if file_format == "JPEG" else 0
    assert np.abs(result.astype(int) - expected).max() <= tolerance
