"""Recipes: what they expand to, what wins over them, what is refused."""

import dataclasses

import pytest

from dcgan_tf.config import RunConfig
from dcgan_tf.presets import DATASETS, resolve_run_config
from dcgan_tf.recipes import CHOICES, RECIPES, list_choices, name_recipe


def test_the_papers_recipe_changes_nothing():
    assert resolve_run_config({"recipe": "paper"}) == resolve_run_config({})
    assert name_recipe(resolve_run_config({})) == "paper"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "paper"),
        ({"dataset": "celeb_a"}, "paper"),
        ({"dataset": "food101"}, "paper"),
        ({"image_dir": "x"}, "small"),
        ({"image_dir": "x", "preset": "svhn_32", "steps": 9}, "small"),
        ({"image_dir": "x", "precision": "mixed_bfloat16"}, "small"),
        # R1 doesn't work in it.
        ({"image_dir": "x", "precision": "mixed_float16"}, "paper"),
        ({"image_dir": "x", "recipe": "paper"}, "paper"),
        ({"image_dir": "x", "r1_weight": 1.0}, "own"),
        ({"dataset": "celeb_a", "recipe": "small"}, "small"),
    ],
    ids=str,
)
def test_folders_alone_have_small_by_default(settings, expected):
    assert name_recipe(resolve_run_config(settings)) == expected


@pytest.mark.parametrize("family", ["gan", "lapgan"])
def test_a_folders_run_of_another_family_has_its_papers(family):
    config = resolve_run_config({"image_dir": "x", "family": family})
    assert config.training.r1_weight == 0.0


def test_a_recipe_expands_to_its_choices():
    config = resolve_run_config({"recipe": "small"})
    assert list_choices(config) == RECIPES["small"]
    assert set(RECIPES["small"]) == set(CHOICES)
    assert name_recipe(config) == "small"
    assert RunConfig.from_json(config.to_json()) == config
    assert "recipe" not in config.to_json()


@pytest.mark.parametrize(
    "given",
    [
        {"loss": "relativistic"},
        {"r1_weight": 0.0},
        {"discriminator_batch_norm": False},
        {"diff_augment": True, "diff_augment_target": 0.6},
    ],
)
def test_what_is_given_wins(given):
    config = resolve_run_config({"recipe": "small", **given})
    choices = list_choices(config)
    assert given.items() <= choices.items()
    # Without its only choice, `small` is the paper's.
    is_papers = given == {"r1_weight": 0.0}
    assert name_recipe(config) == ("paper" if is_papers else "own")
    others = set(CHOICES) - set(given)
    assert all(choices[name] == RECIPES["small"][name] for name in others)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"recipe": "large"}, "recipe.*paper, small"),
        ({"recipe": "small", "family": "gan"}, "recipe.*dcgan"),
        ({"family": "gan", "spectral_norm": True}, "spectral_norm.*gan"),
        ({"family": "lapgan", "r1_weight": 1.0}, "r1_weight.*lapgan"),
        ({"loss": "hinge", "label_smoothing": 0.1}, "label_smoothing.*hinge"),
        (
            {"recipe": "small", "precision": "mixed_float16"},
            "r1_weight.*mixed_float16.*bfloat16",
        ),
        ({"diff_augment_target": 0.6}, "diff_augment_target.*off"),
        (
            {
                "diff_augment": True,
                "diff_augment_target": 0.6,
                "loss": "relativistic",
            },
            "relativistic.*zero",
        ),
        ({"discriminator_learning_rate": 0.0}, "discriminator_learning_rate"),
        ({"recipe": "small", "penalty_every": 0}, "penalty_every"),
        ({"penalty_every": 8}, "penalty_every 8.*r1_weight and r2_weight"),
        (
            {"recipe": "small", "r1_weight": 0.0, "penalty_every": 8},
            "penalty_every 8.*r1_weight and r2_weight",
        ),
        ({"family": "gan", "penalty_every": 8}, "penalty_every 8.*gan"),
        ({"ema_warmup": 4, "ema_decay": 0}, "ema_warmup 4.*ema_decay 0"),
        ({"loss": "wasserstein"}, "loss.*hinge"),
    ],
)
def test_contradictions_are_refused_in_words(settings, words):
    with pytest.raises(ValueError, match=words) as error:
        resolve_run_config(settings)
    assert "\n" not in str(error.value)


def test_other_families_have_their_papers_recipe():
    for family in ("gan", "lapgan"):
        config = resolve_run_config({"family": family, "recipe": "paper"})
        assert config == resolve_run_config({"family": family})
        with pytest.raises(ValueError, match=family):
            dataclasses.replace(config.model, spectral_norm=True)


def test_a_run_that_is_resumed_keeps_its_choices(monkeypatch):
    kept = resolve_run_config({"recipe": "small", "r1_weight": 2.0})
    assert resolve_run_config({}, kept) == kept
    # Whatever a dataset's recipe is by now.
    changed = dataclasses.replace(DATASETS["mnist_5k"], recipe="small")
    monkeypatch.setitem(DATASETS, "mnist_5k", changed)
    papers = resolve_run_config({"recipe": "paper"})
    assert resolve_run_config({}, papers) == papers
    assert name_recipe(resolve_run_config({})) == "small"
    named = resolve_run_config({"recipe": "paper"}, kept)
    assert name_recipe(named) == "paper"


@pytest.mark.parametrize(
    "started_with, given, words",
    [
        (
            {"diff_augment": True, "diff_augment_target": 0.6},
            {"diff_augment": False},
            "diff_augment was True, is now False",
        ),
        (
            {"diff_augment": True, "diff_augment_target": 0.6},
            {"loss": "relativistic"},
            "loss was 'cross_entropy', is now 'relativistic'",
        ),
        ({}, {"r1_weight": 1.0, "precision": "mixed_float16"}, "r1_weight was"),
    ],
)
def test_on_resume_what_is_given_is_named_not_what_is_kept(
    started_with, given, words
):
    kept = resolve_run_config(started_with)
    with pytest.raises(ValueError, match=f"other settings: {words}"):
        resolve_run_config(given, kept)
