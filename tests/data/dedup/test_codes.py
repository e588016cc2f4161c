"""Semantic hashing: what it finds among real digits, and what it mistakes."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

from dcgan_tf.config import DataConfig
from dcgan_tf.data.dedup.codes import (
    THUMBNAIL,
    choose_groups,
    find_close_pairs,
    split_into_bands,
    train_encoder,
)
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.seeds import LARGEST_SEED

MAX_BITS = 3


def save_again(image, quality=90):
    contents = io.BytesIO()
    Image.fromarray(image).save(contents, "JPEG", quality=quality)
    return np.asarray(Image.open(contents))


@pytest.fixture(scope="module")
def digits():
    data = DataConfig()
    source = load_source(data, "test")
    return load_images(source, THUMBNAIL, data)[0]


@pytest.fixture(scope="module")
def encoder(digits):
    return train_encoder(digits, num_steps=250)


def encode(encoder, images):
    return [code.tobytes() for code in encoder.encode(images)]


def count_bits(first, second):
    pairs = zip(first, second, strict=True)
    return sum((a ^ b).bit_count() for a, b in pairs)


def test_planted_pairs_are_found_and_few_others_dropped(encoder, digits):
    planted = np.stack([save_again(image) for image in digits[::10]])
    images = np.concatenate([digits, planted])
    members = {}
    for position, code in enumerate(encode(encoder, images)):
        members.setdefault(code, []).append(position)
    pairs = find_close_pairs(list(members), MAX_BITS)
    groups = choose_groups(members, pairs)
    dropped = {position for group in groups for position in group[1:]}
    found = [1000 + i in dropped for i in range(len(planted))]
    assert np.mean(found) >= 0.9
    assert len([i for i in dropped if i < 1000]) < 0.01 * len(digits)


@pytest.mark.parametrize("seed", [2**32, LARGEST_SEED])
def test_any_seed_trains_an_encoder(digits, seed):
    encoder = train_encoder(digits[:8], num_steps=1, seed=seed)
    assert encoder.encode(digits[:1]).shape == (1, 16)


@pytest.mark.parametrize(
    ("count", "num_steps", "num_updates"),
    [(300, 1, 3), (300, 3, 3), (300, 8, 6), (128, 5, 5), (8, 2, 2)],
)
def test_updates_are_those_of_whole_passes(
    digits, monkeypatch, count, num_steps, num_updates
):
    fitted = []

    def fit(model, *args, **options):
        history = fit_keras(model, *args, **options)
        fitted.append(int(model.optimizer.iterations.numpy()))
        return history

    fit_keras = keras.Sequential.fit
    monkeypatch.setattr(keras.Sequential, "fit", fit)
    train_encoder(digits[:count], num_steps)
    assert fitted == [num_updates]


def test_codes_are_neither_all_on_nor_all_off(encoder, digits):
    bits = np.unpackbits(encoder.encode(digits), axis=1)
    assert bits.shape == (1000, 128)
    assert 0.1 < bits.mean() < 0.9


@pytest.mark.parametrize("max_bits", [0, 1, 3, 7, 15])
def test_close_codes_share_a_band(max_bits):
    rng = np.random.default_rng(0)
    for _ in range(200):
        bits = rng.integers(0, 2, 128)
        other = bits.copy()
        other[rng.choice(128, max_bits, replace=False)] ^= 1
        bands, other_bands = (
            split_into_bands(np.packbits(b).tobytes(), max_bits)
            for b in (bits, other)
        )
        assert (
            b"".join(part for _, part in bands) == np.packbits(bits).tobytes()
        )
        assert set(bands) & set(other_bands)


def test_close_pairs_are_those_of_a_plain_loop():
    rng = np.random.default_rng(0)
    codes = {rng.integers(0, 256, 16, np.uint8).tobytes() for _ in range(20)}
    for code in list(codes)[:10]:
        codes.add(bytes([code[0] ^ 0b101, *code[1:]]))
    expected = {
        (a, b) for a in codes for b in codes if a < b and count_bits(a, b) <= 2
    }
    assert len(expected) >= 10
    assert set(find_close_pairs(sorted(codes), 2, block=7)) == expected


def test_first_of_a_group_stays_and_chains_do_not_take_all():
    members = {b"a": [0, 5], b"b": [1], b"c": [2], b"d": [3]}
    pairs = [(b"a", b"b"), (b"b", b"c")]  # c is near b, which goes for a.
    assert choose_groups(members, pairs) == [[0, 5, 1]]
    assert choose_groups({b"d": [3]}, []) == []
