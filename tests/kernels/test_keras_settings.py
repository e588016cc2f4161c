"""Networks are what they say, whatever a program has set Keras to."""

import keras
import numpy as np
import pytest

from dcgan_tf import families
from dcgan_tf.evaluation.feature_extractors.classifier import build_classifier
from dcgan_tf.evaluation.feature_extractors.random import build_random_features
from dcgan_tf.kernels.keras_settings import check_backend, own_keras_settings
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.networks import build_networks
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.state import build_training_state

SETTERS = {
    "dtype_policy": keras.config.set_dtype_policy,
    "floatx": keras.config.set_floatx,
    "image_data_format": keras.config.set_image_data_format,
}
OTHERS = [
    ("dtype_policy", "mixed_bfloat16"),
    ("floatx", "float16"),
    ("image_data_format", "channels_first"),
]
SIZES = {"image_size": 16, "base_filters": 4, "latent_dim": 8}
FAMILIES = {
    "dcgan": {**SIZES, "channels": 3},
    "gan": {"image_size": 16, "hidden_units": 10, "channels": 1},
    "lapgan": {"image_size": 16, "hidden_units": 10, "base_filters": 4},
}


def test_every_family_is_looked_at():
    assert set(FAMILIES) == set(families.FAMILIES)


@pytest.fixture(params=OTHERS, ids="=".join)
def use_others(request):
    """Sets what a program may have set, when it is called."""
    name, value = request.param
    before = getattr(keras.config, name)()
    # Keras makes the policy when it is first asked for, of what floatx is.
    policy = keras.config.dtype_policy()
    yield lambda: SETTERS[name](value)
    SETTERS[name](before)
    keras.config.set_dtype_policy(policy)


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_networks_are_as_ever(family, num_classes, use_others):
    settings = {"family": family, "num_classes": num_classes}
    model = resolve_run_config({**settings, **FAMILIES[family]}).model
    expected = [network.to_json() for network in build_networks(model)]
    use_others()
    assert [network.to_json() for network in build_networks(model)] == expected


def test_features_are_as_ever(use_others):
    model = resolve_run_config(FAMILIES["dcgan"]).model
    images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3))
    images = images.astype(np.float32)

    def compute():
        discriminator = build_networks(model).discriminator
        return build_feature_extractor(discriminator)(images)["features"]

    expected = compute()
    use_others()
    assert compute().dtype == "float32"
    np.testing.assert_array_equal(compute(), expected)


def test_measures_are_as_ever(use_others):
    images = np.zeros((2, 16, 16, 3), np.uint8)
    expected = build_random_features(images.shape[1:]).apply(images)[0]
    use_others()
    found = build_random_features(images.shape[1:]).apply(images)[0]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    classifier = build_classifier(images.shape[1:], 3, seed=0)
    assert {x.dtype_policy.name for x in classifier.layers} == {"float32"}
    assert classifier.layers[1].output.shape == (None, 8, 8, 32)


def test_learning_rates_are_not_rounded(use_others):
    use_others()
    state = build_training_state(
        resolve_run_config(FAMILIES["dcgan"]), "float32"
    )
    assert state.compute_learning_rates() == (np.float32(4e-4),) * 2


def test_the_process_has_its_settings_again(use_others):
    use_others()

    def list_settings():
        return [getattr(keras.config, name)() for name in SETTERS]

    before = list_settings()
    with pytest.raises(KeyError), own_keras_settings():
        assert keras.config.floatx() == "float32"
        raise KeyError
    assert list_settings() == before


def test_another_framework_is_refused_in_words():
    check_backend("tensorflow")
    with pytest.raises(ImportError, match="on torch .* KERAS_BACKEND"):
        check_backend("torch")
