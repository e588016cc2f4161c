"""Writes docs/flags.md: every command's flags, from the code that reads them.

python docs/make_flags.py
"""

import importlib
from pathlib import Path

from absl import flags

from dcgan_tf.cli import exit_codes, help_text, main

PATH = Path(__file__).with_name("flags.md")
_HEADER = """\
# Commands and flags

Made by `python docs/make_flags.py` from the code; edit the help texts there.
`dcgan COMMAND --help` prints the same. Without an installation it is
`python -m dcgan_tf COMMAND`.

"""


def format_page() -> str:
    """Returns the page: a section a command, a table a topic."""
    names = [name for names in main.COMMANDS.values() for name in names]
    contents = [f"- [`dcgan {name}`](#dcgan-{name})" for name in names]
    sections = [_format_command(name) for name in names]
    codes = f"## Exit codes\n\n{exit_codes.EXIT_CODES}\n"
    return _HEADER + "\n\n".join(["\n".join(contents), *sections, codes])


def _format_command(name: str) -> str:
    module = importlib.import_module(f"dcgan_tf.cli.{name}")
    values = flags.FlagValues()
    module.define_flags(values)
    summary = module.__doc__.strip().splitlines()[0]
    parts = [f"## `dcgan {name}`\n\n{summary}"]
    for topic, found in help_text.group_flags(values):
        rows = [f"**{topic}**", "", "| flag | what it is |", "| --- | --- |"]
        for flag_name in found:
            flag = values[flag_name]
            cells = (
                f"`{help_text.format_flag(flag)}`",
                help_text.describe_flag(flag),
            )
            rows.append(f"| {' | '.join(map(_escape, cells))} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _escape(text: str) -> str:
    """Keeps what GitHub takes for a column's end or a tag."""
    escaped = text.replace("|", "\\|")
    return escaped if text.startswith("`") else escaped.replace("<", "&lt;")


if __name__ == "__main__":
    PATH.write_text(format_page(), encoding="utf-8")
