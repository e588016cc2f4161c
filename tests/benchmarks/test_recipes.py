"""The comparison of recipes: what is kept, and what it says."""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.cli import train
from dcgan_tf.presets import resolve_run_config

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import command  # noqa: E402
import recipes  # noqa: E402
from comparisons.recipe_costs import TimedStep  # noqa: E402


def make_row(choice, seed, above_floor, **others):
    keys = dict.fromkeys(recipes._COLUMNS, 0.5)
    row = {"choice": choice, "seed": seed, "above_floor": above_floor}
    return {**keys, **row, **others}


def test_choices_are_means_over_seeds_beside_the_papers():
    table = recipes.format_table(
        [
            make_row("paper", 0, 2.0),
            make_row("hinge", 0, 1.0),
            make_row("paper", 1, 4.0),
            make_row("hinge", 1, 3.0),
            make_row("R1", 1, 1.0),
        ]
    )
    paper, hinge, r1 = table.splitlines()[2:]
    assert "| 3 (2 to 4) |" in paper and paper.endswith("| 1.00 |")
    assert hinge.endswith(f"| {(1 / 2 + 3 / 4) / 2:.2f} |")
    # Against the paper's of the same seed alone.
    assert r1.endswith("| 0.25 |")


@pytest.mark.parametrize("name", recipes.CHOICES)
def test_choices_are_settings_that_the_command_takes(name):
    settings = {"image_size": (16, 16), **recipes.CHOICES[name]}
    flags = recipes.format_flags(settings)
    values = train.flags.FlagValues()
    train.define_flags(values)
    values(["train", *flags])
    assert train.build_config(values) == resolve_run_config(settings)


@pytest.mark.parametrize(
    "text, names",
    [
        ("paper,small", ["paper", "small"]),
        ("paper; relativistic, R1 and R2", None),
        ("relativistic, R1 and R2", ["relativistic, R1 and R2"]),
    ],
)
def test_names_may_hold_commas(text, names):
    expected = names or ["paper", "relativistic, R1 and R2"]
    assert command.names_of(recipes.CHOICES)(text) == expected


@pytest.mark.slow
def test_it_goes_on_where_it_was_stopped(tmp_path, monkeypatch, capsys):
    """With the command in this process, as a start takes longer than this."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("images", "others"):
        Path(name).mkdir()
        for index in range(20):
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(f"{name}/{index}.png")
    arguments = ["recipes.py", "--smoke", "--json=figures.json"]
    arguments += ["--image_dir=images", "--held_out_dir=others"]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(TimedStep, "__init__", lambda *args: None)
    monkeypatch.setattr(TimedStep, "time", lambda self: 2.0)
    trained = []

    def run_command(arguments, log):
        name = next(a for a in arguments if a.startswith("--run_dir"))
        trained.append(Path(name).name)
        if trained == ["paper-0", "small-0"]:
            raise recipes.Stopped
        return train.main(arguments[2:])

    monkeypatch.setattr(recipes, "run_command", run_command)
    with pytest.raises(SystemExit) as stopped:
        recipes.main()
    assert stopped.value.code == 75
    assert "the same command goes on" in capsys.readouterr().err
    recipes.main()
    assert trained == ["paper-0", "small-0", "small-0"]
    printed = capsys.readouterr().out
    figures = json.loads(Path("figures.json").read_text())
    assert [row["choice"] for row in figures["rows"]] == ["paper", "small"]
    for row in figures["rows"]:
        assert f"| {row['choice']} |" in printed
        assert set(row["choosing_distances"]) == {"1", "2"}
        assert row["above_floor"] == row["frechet"] - row["floor"]
        assert 0 <= row["recall"] <= 1 and row["images"] == 32
    assert Path("recipes/samples-0.png").exists()


def test_another_comparisons_folder_is_refused(tmp_path):
    values = argparse.Namespace(minutes=1.0, seeds="0")
    recipes.check_settings(values, tmp_path)
    values.seeds = "0,1"
    recipes.check_settings(values, tmp_path)
    values.minutes = 2.0
    with pytest.raises(ValueError, match="minutes 1.0, not 2.0"):
        recipes.check_settings(values, tmp_path)
