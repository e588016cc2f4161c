"""Near-duplicates by semantic hashing: codes of a small autoencoder.

Radford et al., 2016, Section 4.1: a 3072-128-3072 denoising,
dropout-regularised ReLU autoencoder on 32x32 centre crops, whose code layer,
thresholded into bits, is a hash that survives what the eye overlooks.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from dcgan_tf.batch_order import draw_batches
from dcgan_tf.config import ModelConfig
from dcgan_tf.kernels.keras_settings import own_keras_settings

CODE_BITS = 128
# What the autoencoder sees of an image: 32x32 RGB is 3072 numbers.
THUMBNAIL = ModelConfig((32, 32), 3)

# The paper gives no figures for these. Less noise and a few bits' tolerance
# found more pairs at as few mistakes than more noise and none.
_NOISE = 0.1
_DROPOUT = 0.5
_BATCH_SIZE = 128


@dataclasses.dataclass(frozen=True)
class Encoder:
    """The autoencoder's encoder, computed by NumPy alone.

    Attributes:
        kernel: float32 `(3072, 128)`.
        bias: float32 `(128,)`.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Computes codes: which units of the ReLU layer are active.

        Args:
            images: uint8 `(count, 32, 32, 3)`.

        Returns:
            uint8 `(count, 16)`: 128 bits each.
        """
        flat = _flatten(images)
        return np.packbits(flat @ self.kernel + self.bias > 0, axis=1)


@own_keras_settings()
def train_encoder(
    images: np.ndarray, num_steps: int = 1_000, seed: int = 0
) -> Encoder:
    """Trains the autoencoder on a sample of a collection.

    Args:
        images: uint8 `(count, 32, 32, 3)`.
        num_steps: Updates at most, of up to 128 images each: the sample is
            passed over as often as they allow, and once at least.
        seed: Decides initial weights, order, noise and dropout.

    Returns:
        Its encoder.
    """
    flat = _flatten(images)
    mean = flat.mean(axis=0)
    code, decode = (
        keras.layers.Dense(
            units,
            activation,
            kernel_initializer=keras.initializers.GlorotUniform(layer_seed),
        )
        for units, activation, layer_seed in (
            (CODE_BITS, "relu", 2 * seed),
            (flat.shape[1], None, 2 * seed + 1),
        )
    )
    model = keras.Sequential(
        [
            keras.layers.GaussianNoise(_NOISE, seed=2 * seed),
            code,
            keras.layers.Dropout(_DROPOUT, seed=2 * seed + 1),
            decode,
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    steps_per_epoch = -(-len(flat) // _BATCH_SIZE)
    num_steps = max(1, num_steps // steps_per_epoch) * steps_per_epoch
    # As many in each, so that so many batches are whole passes.
    batch_size = -(-len(flat) // steps_per_epoch)
    centred = flat - mean
    batches = draw_batches(len(flat), num_steps, batch_size, seed)
    examples = ((centred[batch], centred[batch]) for batch in batches)
    model.fit(
        examples, steps_per_epoch=num_steps, epochs=1, shuffle=False, verbose=0
    )
    kernel, bias = code.get_weights()
    return Encoder(kernel, bias - mean @ kernel)


def _flatten(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255.0


def split_into_bands(code: bytes, max_bits: int) -> list[tuple[int, bytes]]:
    """Cuts a code into `max_bits + 1` parts, to index near matches by.

    Two codes at most `max_bits` apart then have at least one part in common,
    so that only codes that share a part need comparing.

    Args:
        code: 16 bytes.
        max_bits: At most 15.

    Returns:
        `(which part, its bytes)`, `max_bits + 1` of them.
    """
    edges = np.linspace(0, len(code), max_bits + 2).round().astype(int)
    return [
        (i, code[start:stop])
        for i, (start, stop) in enumerate(
            zip(edges[:-1], edges[1:], strict=True)
        )
    ]


def find_close_pairs(
    codes: Sequence[bytes], max_bits: int, block: int = 1_000
) -> list[tuple[bytes, bytes]]:
    """Finds codes that differ by few bits, comparing all with all.

    Args:
        codes: 16 bytes each, all different.
        max_bits: How many bits may differ.
        block: Codes compared with all others at a time.

    Returns:
        Pairs at most `max_bits` apart, smaller code first, in order.
    """
    codes = sorted(codes)
    packed = np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), -1)
    bits = np.unpackbits(packed, axis=1).astype(np.float32)
    pairs = []
    for start in range(0, len(codes), block):
        rows, others = bits[start : start + block], bits[start:]
        distances = rows @ (1 - others).T + (1 - rows) @ others.T
        for i, j in np.argwhere(distances <= max_bits):
            if i < j:
                pairs.append((codes[start + i], codes[start + j]))
    return pairs


def choose_groups(
    members: Mapping[bytes, Sequence[int]],
    pairs: Sequence[tuple[bytes, bytes]],
) -> list[list[int]]:
    """Keeps the first image of every group of near-duplicates.

    An image is dropped only for one that is kept and near it: chains, of
    which each is near the next, don't take what is far from the first.

    Args:
        members: Codes to the positions of the images that have them.
        pairs: Codes near each other.

    Returns:
        Groups of two or more positions: the kept one, then those dropped.
    """
    near: dict[bytes, list[bytes]] = {}
    for first, second in pairs:
        near.setdefault(first, []).append(second)
        near.setdefault(second, []).append(first)
    groups: dict[bytes, list[int]] = {}
    for code in sorted(members, key=lambda code: min(members[code])):
        leaders = [other for other in near.get(code, ()) if other in groups]
        if leaders:
            leader = min(leaders, key=lambda other: groups[other][0])
            groups[leader].extend(sorted(members[code]))
        else:
            groups[code] = sorted(members[code])
    return sorted(group for group in groups.values() if len(group) > 1)
