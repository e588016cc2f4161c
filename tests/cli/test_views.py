"""The table of views agrees with the command, the families and the page."""

import re
from pathlib import Path

import pytest
from absl import flags

from dcgan_tf.analysis.views import VIEWS, list_pictures
from dcgan_tf.cli import analyze
from dcgan_tf.cli.views import DRAW
from dcgan_tf.families import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "analysis.md"


def test_every_view_is_drawn():
    assert list(DRAW) == list(VIEWS)


def test_the_page_describes_every_view():
    table = PAGE.read_text("utf-8").partition("| VIEW |")[2]
    assert re.findall(r"^\| `(\w+)`", table, re.M)[: len(VIEWS)] == list(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_of_a_family_and_has_pictures_of_its_name(name):
    view = VIEWS[name]
    assert view.family is None or view.family in FAMILIES
    if view.pictures:
        assert next(iter(view.pictures)) == f"{name}.png"


def test_every_flag_is_of_a_view():
    values = flags.FlagValues()
    analyze.define_flags(values)
    used = {flag for view in VIEWS.values() for flag in view.flags}
    assert used == set(values) - {"run_dir"}


def test_the_report_shows_each_picture_once_and_shared_ones_last():
    drawn = [file for view in VIEWS.values() for file in view.pictures]
    shown = list(list_pictures())
    assert set(shown) == set(drawn)
    shared = [file for file in dict.fromkeys(drawn) if drawn.count(file) > 1]
    assert shared == ["samples.png"] == shown[-1:]


def test_the_help_lists_every_view(capsys):
    assert analyze.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name, view in VIEWS.items():
        assert re.search(rf"^  {name} +{re.escape(view.help)}$", text, re.M)
