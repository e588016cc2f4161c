"""The page of flags is the one that the code gives."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def load_script():
    spec = importlib.util.spec_from_file_location(
        "make_flags", DOCS / "make_flags.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_flags_is_up_to_date():
    page = (DOCS / "flags.md").read_text("utf-8")
    hint = "run `python docs/make_flags.py`"
    assert page == load_script().format_page(), hint


def test_the_page_has_every_command_and_flag():
    page = load_script().format_page()
    for words in ("## `dcgan train`", "`--steps=N`", "`--[no]flip`"):
        assert words in page
    # A bar in code still ends a table's cell on GitHub.
    assert "auto\\|memory" in page
