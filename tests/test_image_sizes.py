"""Which image sizes the networks can make."""

import pytest

from dcgan_tf.config import ModelConfig
from dcgan_tf.image_sizes import parse_image_size


@pytest.mark.parametrize(
    ("text", "size", "num_scales", "start_size"),
    [
        ("64", (64, 64), 4, (4, 4)),
        ("48", (48, 48), 3, (6, 6)),
        ("96", (96, 96), 4, (6, 6)),
        ("64x128", (64, 128), 4, (4, 8)),
        ("28", (28, 28), 2, (7, 7)),
        ("256", (256, 256), 6, (4, 4)),
    ],
)
def test_sizes_that_work(text, size, num_scales, start_size):
    assert parse_image_size(text) == size
    config = ModelConfig(image_size=size)
    assert config.num_scales == num_scales
    assert config.start_size == start_size


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("63", "56 or 64"), ("8", "16 or 20"), ("300", "224 or 256")],
)
def test_impossible_sizes_name_the_nearest(text, nearest):
    with pytest.raises(ValueError, match=nearest):
        parse_image_size(text)


def test_impossible_rectangle_names_a_rectangle():
    with pytest.raises(ValueError, match="64x128"):
        parse_image_size("64x130")


@pytest.mark.parametrize("text", ["", "big", "64x", "1x2x3", "-64", "6²"])
def test_sizes_that_are_no_sizes(text):
    with pytest.raises(ValueError, match="HEIGHTxWIDTH"):
        parse_image_size(text)
