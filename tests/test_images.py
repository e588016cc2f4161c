import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dcgan_tf import images


def test_scaling_is_reversible_and_reaches_both_ends():
    levels = np.arange(256, dtype=np.uint8)
    scaled = images.to_float(levels).numpy()
    assert scaled.dtype == np.float32
    assert (scaled[0], scaled[-1]) == (-1.0, 1.0)
    np.testing.assert_array_equal(images.to_uint8(scaled), levels)


def test_values_outside_the_range_are_clipped():
    values = np.array([-2.0, 2.0], np.float32)
    np.testing.assert_array_equal(images.to_uint8(values), [0, 255])


@pytest.mark.parametrize(
    "count, num_columns, rows, columns",
    [
        (1, None, 1, 1),
        (5, None, 2, 3),
        (9, None, 3, 3),
        (2, 8, 1, 2),  # No wider than what there is.
        (9, 8, 2, 8),
    ],
)
def test_grids_are_square_unless_columns_are_given(
    count, num_columns, rows, columns
):
    tiles = [np.zeros((4, 6, 1), np.uint8)] * count
    grid = images.make_grid(tiles, num_columns)
    assert grid.shape == (2 + rows * 6, 2 + columns * 8, 1)


def test_grid_places_images_row_by_row():
    tiles = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    tiles = np.broadcast_to(tiles, (5, 4, 6, 3))
    grid = images.make_grid(tiles, num_columns=3, padding=1)
    assert grid.shape == (2 * 5 + 1, 3 * 7 + 1, 3)
    assert grid[1, 1, 0] == 0 and grid[1, 8, 0] == 1 and grid[6, 1, 0] == 3
    assert grid[0].min() == 255 and grid[6:, 16:].min() == 255


PIXELS = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), np.uint8)
RGBA = np.concatenate([PIXELS, PIXELS[..., :1]], axis=-1)
# As G's output is.
FLOATS = np.linspace(-1, 1, PIXELS.size, dtype=np.float32).reshape(PIXELS.shape)
TO_UINT8 = r"scale images in \[-1, 1\] by dcgan_tf.images.to_uint8"


def refuse_and_leave_nothing(folder, name, arguments, words):
    with pytest.raises(ValueError, match=words) as error:
        getattr(images, name)(*arguments)
    assert "\n" not in str(error.value)
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (FLOATS[0], rf"float32 \(6, 5, 3\); .* {TO_UINT8}"),
        (FLOATS[0, ..., :1], TO_UINT8),
        (FLOATS[0, ..., 0].astype(np.float64), rf"float64 .* {TO_UINT8}"),
        (RGBA[0] / 255, TO_UINT8),
        (tf.constant(FLOATS[0]), TO_UINT8),
        (PIXELS[0].astype(int), r"int64 \(6, 5, 3\); .* takes uint8"),
        (PIXELS[0] > 9, "bool"),
        (PIXELS, r"uint8 \(3, 6, 5, 3\)"),
        (PIXELS[0, ..., :2], r"\(6, 5, 2\); .* 1, 3 or 4 channels"),
        (PIXELS[0, 0, 0], r"\(3,\)"),
        (np.uint8(3), r"\(\)"),
        (PIXELS[0, :0], r"\(0, 5, 3\)"),
        (PIXELS[0, :, :0], r"\(6, 0, 3\)"),
        ("a.png", r"<U5 \(\)"),
    ],
)
@pytest.mark.parametrize("kind", ["png", "gif"])
def test_what_is_no_image_is_not_saved(tmp_path, kind, image, words):
    path = tmp_path / "new folder" / "file"
    given = image if kind == "png" else [PIXELS[0], image]
    arguments = (path, given)
    refuse_and_leave_nothing(tmp_path, f"save_{kind}", arguments, words)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("save_png", (PIXELS[0], "grid"), "kind is 'grid'; .* sample, sheet"),
        ("save_gif", ([],), "at least one frame, got none"),
        ("save_gif", (iter(()),), "at least one frame"),
        ("save_gif", ([PIXELS[0], PIXELS[0, 1:]],), r"\(6, 5, 3\) and \(5,"),
        ("save_gif", ([PIXELS[0], RGBA[0]],), "frames of one shape"),
        ("save_gif", (PIXELS, -1), "frame_milliseconds is -1"),
        ("save_gif", (PIXELS, 655_351), "0 to 655,350"),
        ("save_gif", (PIXELS, float("nan")), "is nan"),
        ("save_gif", (PIXELS, None), "is None"),
    ],
)
def test_a_file_that_cannot_be_is_not_saved(tmp_path, name, arguments, words):
    arguments = (tmp_path / "new folder" / "file", *arguments)
    refuse_and_leave_nothing(tmp_path, name, arguments, words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PIXELS[:0],), r"uint8 \(0, 6, 5, 3\); .* at least one"),
        ((PIXELS[0],), r"uint8 \(6, 5, 3\)"),
        ((PIXELS[:, :0],), r"\(3, 0, 5, 3\)"),
        ((PIXELS[..., :2],), "1, 3 or 4 channels"),
        ((FLOATS,), rf"float32 .* {TO_UINT8}"),
        ((PIXELS.astype(int),), "int64"),
        ((PIXELS, 0), "num_columns is 0; use 1 or more"),
        ((PIXELS, -2), "num_columns is -2"),
        ((PIXELS, 2.5), "num_columns is 2.5"),
        ((PIXELS, "2"), "num_columns is '2'"),
        ((PIXELS, None, -1), "padding is -1; use 0 or more"),
        ((PIXELS, None, 0.5), "padding is 0.5"),
    ],
)
def test_grid_refuses_what_it_cannot_tile(tmp_path, arguments, words):
    refuse_and_leave_nothing(tmp_path, "make_grid", arguments, words)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_pixels_are_not_scaled_to_pixels(dtype):
    """They would be grey and white, without a word."""
    with pytest.raises(ValueError, match="takes float images .* got"):
        images.to_uint8(PIXELS.astype(dtype))


@pytest.mark.parametrize("width", [1, 3, 4, 5])
def test_grey_images_of_two_axes_are_of_any_width(tmp_path, width):
    grey = PIXELS[:, :, [0] * width, 0]
    images.save_png(tmp_path / "a.png", grey[0])
    images.save_gif(tmp_path / "a.gif", grey)
    for name in ("a.png", "a.gif"):
        with Image.open(tmp_path / name) as saved:
            np.testing.assert_array_equal(saved.convert("L"), grey[0])


@pytest.mark.parametrize("channels", [1, 3])
def test_png_round_trip(tmp_path, channels):
    picture = np.random.default_rng(0).integers(
        0, 256, (5, 7, channels), np.uint8
    )
    path = tmp_path / "new folder" / "picture.png"
    images.save_png(path, picture)
    np.testing.assert_array_equal(images.load_png(path), picture)
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]


def test_gif_holds_every_frame_and_repeats(tmp_path):
    frames = [np.full((8, 8, 1), level, np.uint8) for level in (0, 128, 255)]
    images.save_gif(tmp_path / "a.gif", frames, frame_milliseconds=100)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 3
        assert gif.info["loop"] == 0
        assert gif.info["duration"] == 100


@pytest.mark.parametrize(
    "check, shape, dtype, problem",
    [
        ("float", (2, 4, 4, 1), np.uint8, "float .* got uint8"),
        ("float", (2, 4, 4, 1), np.int32, "float .* got int32"),
        ("float", (0, 4, 4, 1), np.float32, "at least one image"),
        ("uint8", (2, 4, 4, 1), np.float32, "uint8 .* got float32"),
        ("uint8", (2, 4, 4, 1), np.int64, "uint8 .* got int64"),
        ("uint8", (0, 4, 4, 1), np.uint8, "at least one image"),
    ],
)
def test_wrong_images_are_refused_in_a_line(check, shape, dtype, problem):
    function = getattr(images, f"check_{check}_images")
    with pytest.raises(ValueError, match=f"^the taker .*{problem}") as error:
        function(np.zeros(shape, dtype), "the taker")
    assert "\n" not in str(error.value)
    right = np.uint8 if check == "uint8" else np.float32
    function(np.zeros((1, 4, 4, 1), right), "the taker")


def test_transparent_images_lie_on_checks(tmp_path):
    pixels = np.zeros((2, 16, 16, 4), np.uint8)
    pixels[1, ..., 0] = pixels[1, ..., 3] = 255
    grid = images.make_grid(pixels)
    assert grid.shape == (20, 38, 3)
    clear, red = grid[2:18, 2:18], grid[2:18, 20:36]
    assert set(np.unique(clear)) == {204, 255}
    assert (red == (255, 0, 0)).all()
    images.save_gif(tmp_path / "a.gif", pixels)
    with Image.open(tmp_path / "a.gif") as film:
        first = np.asarray(film.convert("RGB"))
    np.testing.assert_array_equal(first, clear)


def test_transparent_samples_are_saved_as_such(tmp_path):
    pixels = np.zeros((4, 5, 4), np.uint8)
    pixels[..., 3] = 7
    images.save_png(tmp_path / "a.png", pixels, "sample")
    np.testing.assert_array_equal(images.load_png(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize(
    ("low", "high", "is_refused"),
    [
        (-1.0, 1.0, False),
        (-2.5, 3.0, False),  # Augmented, or of a G whose last layer is linear.
        (0.0, 255.0, True),
        (-128.0, 127.0, True),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, tf.constant])
def test_only_pixels_are_too_large(low, high, is_refused, convert):
    values = np.linspace(low, high, 64, dtype=np.float32)
    batch = convert(values.reshape(4, 4, 4, 1))
    if not is_refused:
        return images.check_float_images(batch, "D")
    with pytest.raises(ValueError, match=f"D takes .* from {low:g} to"):
        images.check_float_images(batch, "D")
