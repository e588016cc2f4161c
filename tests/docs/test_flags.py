"""The page of flags is the one that the code gives."""

import importlib
import importlib.util
import re
from pathlib import Path

from absl import flags

from dcgan_tf.cli import main

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
    sections = load_script().format_page().split("\n## ")
    commands = [name for names in main.COMMANDS.values() for name in names]
    # What is before them, and the exit codes after.
    for name, section in zip(commands, sections[1:-1], strict=True):
        assert section.startswith(f"`dcgan {name}`\n")
        values = flags.FlagValues()
        command = importlib.import_module(f"dcgan_tf.cli.{name}")
        command.define_flags(values)
        for flag in values:
            row = rf"^\| `--(\[no\])?{flag}(=[^`]*)?` \|"
            assert re.search(row, section, re.MULTILINE), (name, flag)


def test_the_page_escapes_what_ends_a_cell():
    page = load_script().format_page()
    # A bar in code still ends a table's cell on GitHub.
    assert "auto\\|memory" in page
