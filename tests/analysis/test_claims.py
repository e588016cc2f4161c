"""The measures on a G whose latents are its attributes."""

import dataclasses

import numpy as np
import pytest
from fixtures.linear_classifier import LinearClassifier

from dcgan_tf.analysis import claims, claims_table
from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.data.toy_faces import ATTRIBUTE_NAMES


def test_arithmetic_works_where_g_is_linear(linear_model):
    classifier = LinearClassifier()
    three = claims.measure_arithmetic(linear_model, classifier, 3)
    one = claims.measure_arithmetic(linear_model, classifier, 1)
    assert three["smiling"] > 0.85 and three["smiling_b"] > 0.8
    assert three["kept_mean"] > 0.8
    # Means of three vary less: what the paper saw.
    assert one["smiling"] < three["smiling"]
    assert one["kept_mean"] < three["kept_mean"]
    # Neutral faces' mean doesn't smile before anything is added.
    assert three["mean_b_smiling"] == 0
    assert set(three["kept"]) == set(ATTRIBUTE_NAMES) - {"smiling"}


def test_arithmetic_fails_where_smiles_are_random(linear_model):
    class Blind(LinearClassifier):
        def compute_logits(self, pictures):
            logits = super().compute_logits(pictures)
            rng = np.random.default_rng(0)
            logits[:, 0] = rng.normal(size=len(logits)) * 10
            return logits

    result = claims.measure_arithmetic(linear_model, Blind(), 3)
    assert 0.35 < result["smiling"] < 0.65


def test_turn_rises_where_g_is_linear(linear_model):
    result = claims.measure_latent_direction(linear_model, LinearClassifier())
    shares = result["looking_left"]
    assert len(shares) == len(result["strengths"]) == 9
    assert np.all(np.diff(shares) >= 0)
    assert shares[0] < 0.1 and shares[-1] > 0.9
    assert shares[4] == pytest.approx(0.5, abs=0.12)


def test_straight_walks_of_a_linear_g_are_even(linear_model):
    result = claims.measure_walks(linear_model, num_walks=1)
    assert 1 <= result["straight"] < 1.6


def test_few_kinds_of_faces_are_an_error(linear_model):
    class Monotonous:
        def compute_logits(self, pictures):
            return np.ones((len(pictures), len(ATTRIBUTE_NAMES)))

    with pytest.raises(ValueError, match="0 kinds of faces"):
        claims.measure_arithmetic(linear_model, Monotonous(), 3)
    with pytest.raises(ValueError, match="0 samples show a concept"):
        claims.measure_latent_direction(linear_model, Monotonous())


def test_table_says_what_was_measured():
    kept = {"kept_mean": 0.71, "mean_b_smiling": 0.02}
    results = {
        "arithmetic_3": {"smiling_b": 0.815, **kept},
        "arithmetic_1": {"smiling_b": 0.33, **kept},
        "turn": {"looking_left": [0.05, 0.5, 0.95]},
        "forgetting": dict(
            num_dropped=30, num_maps=64, before=0.5, after=0.1, random=0.3,
            unchanged_mean=0.84, random_unchanged_mean=0.6,
        ),
        "walks": {"straight": 2.51, "great_circle": 2.9},
        "classifier": {"accuracy": {"smiling": 0.991, "glasses": 0.999}},
    }  # fmt: skip
    table = claims_table.format_table(results)
    for figure in ("99.1%", "82%", "33%", "5% 50% 95%", "50% to 10%", "2.5"):
        assert figure in table
    assert len({line.count("|") for line in table.splitlines()}) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dataset": "mnist_5k"}, "mnist_5k"),
        ({"dataset": "arrays"}, "an unnamed collection"),
        ({"dataset": "image_folder", "image_dir": "my/cats"}, "cats"),
    ],
)
def test_only_toy_faces_have_a_classifier(linear_model, settings, words):
    data = dataclasses.replace(linear_model.config.data, **settings)
    config = dataclasses.replace(linear_model.config, data=data)
    other = dataclasses.replace(linear_model, config=config)
    with pytest.raises(ValueError, match=f"trained on {words}; only toy_faces"):
        claims_table.measure_claims(other)
    # As every caption has it.
    assert f"Run linear ({words}), checkpoint" in describe_origin(other)


@pytest.mark.parametrize(
    "image_size, channels", [((16, 16), 3), ((32, 64), 3), ((32, 32), 1)]
)
def test_faces_that_are_not_as_drawn_have_no_classifier(
    linear_model, image_size, channels
):
    shape = dataclasses.replace(
        linear_model.config.model, image_size=image_size, channels=channels
    )
    config = dataclasses.replace(linear_model.config, model=shape)
    other = dataclasses.replace(linear_model, config=config)
    with pytest.raises(ValueError, match="of 32 or 64 pixels in colour"):
        claims_table.train_run_classifier(other)
