"""The generator alone: initial weights."""

from dcgan_tf.models.generator import build_generator
from dcgan_tf.presets import PRESETS


def test_initial_weights():
    generator = build_generator(PRESETS["mnist_32"], seed=1)
    seen = []
    for weight in generator.trainable_variables:
        value = weight.numpy()
        if weight.name == "kernel":
            assert abs(value.mean()) < 2e-3
            assert abs(value.std() - 0.02) < 2e-3
            seen.append(value.ravel()[:50])
        elif weight.name == "gamma":
            assert abs(value.mean() - 1) < 0.01 and 0.01 < value.std() < 0.03
        else:
            assert weight.name == "beta" and not value.any()
    # One initializer for all layers would start them all alike.
    assert len({values.tobytes() for values in seen}) == len(seen)
