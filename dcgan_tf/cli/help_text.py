"""Formats `--help`: flags by topic, each with its value and default."""

import textwrap
from collections.abc import Iterator

from absl import flags

from dcgan_tf.cli.exit_codes import EXIT_CODES
from dcgan_tf.cli.setting_flags import SETTINGS

_WIDTH = 80
# A topic is for commands that have its first flag; of several with a flag, the
# first is its own.
TOPICS = {
    "Server": ("server", "protocol", "batch_size", "timeout_seconds"),
    "Duplicates": (
        "max_bits", "sample", "steps", "runner", "runner_option", "work_dir",
    ),
    "Run": (*SETTINGS["Run"], "export_dir", "checkpoint"),
    "Images": tuple(SETTINGS["Images"]),
    "Networks": tuple(SETTINGS["Networks"]),
    "Training": tuple(SETTINGS["Training"]),
    "What is recorded": tuple(SETTINGS["What is recorded"]),
    "Hardware": tuple(SETTINGS["Hardware"]),
    "Samples": ("num", "label"),
    "Measures": (
        "measures", "features", "inception_path", "num_samples", "compare",
        "cache_dir",
    ),
    "Linear probe": (
        "probe", "probe_dataset", "probe_data_dir", "probe_manual_dir",
        "probe_image_dir", "probe_split", "probe_rows",
        "probe_labels",
    ),
    "Views": ("layer", "great_circle", "pick", "concepts", "boxes"),
    "Randomness": tuple(SETTINGS["Randomness"]),
    "Formats": ("formats", "single_file", "keep_versions"),
    "Output": ("output",),
}  # fmt: skip


def format_help(
    name: str,
    description: str,
    values: flags.FlagValues,
    positional: str | None,
) -> str:
    """Formats a command's help.

    Args:
        name: The command as it was called.
        description: Its first line first.
        values: Its flags.
        positional: What positional arguments are called; None without any.
    """
    usage = f"{name} {positional + ' ' if positional else ''}[--flag=value ...]"
    parts = [description.strip(), f"Usage: {usage}"]
    for topic, names in group_flags(values):
        lines = [f"{topic}:"]
        for flag_name in names:
            lines.append(f"  {format_flag(values[flag_name])}")
            text = describe_flag(values[flag_name])
            lines += _wrap(text, indent="      ")
        parts.append("\n".join(lines))
    parts.append("\n".join(_wrap(EXIT_CODES)))
    return "\n\n".join(parts)


def group_flags(
    values: flags.FlagValues,
) -> Iterator[tuple[str, list[str]]]:
    """Yields topics and their flags' names, in the order of `TOPICS`."""
    # Short names of flags are keys too.
    left = [name for name in values if values[name].name == name]
    for topic, names in TOPICS.items():
        if names[0] not in left:
            continue
        found = [name for name in names if name in left]
        left = [name for name in left if name not in found]
        yield topic, found
    if left:
        yield "Other", sorted(left)


def format_flag(flag: flags.Flag) -> str:
    """Returns a flag as it is typed: `--steps=N`, `--[no]flip`."""
    if flag.boolean:
        return f"--[no]{flag.name}"
    choices = getattr(flag.parser, "enum_values", None)
    kinds = {
        "int": "N",
        "float": "X",
        "path": "PATH",
        "comma separated list of strings": "A,B,...",
    }
    kind = kinds.get(flag.parser.flag_type(), "TEXT")
    return f"--{flag.name}={'|'.join(choices) if choices else kind}"


def describe_flag(flag: flags.Flag) -> str:
    """Returns what a flag does and its default, as sentences."""
    # absl adds a line to those that may be given several times, and puts an
    # enum's choices first, which are in what is typed.
    text = flag.help.partition(";\n")[0]
    if text.startswith("<"):
        text = text.partition(">: ")[2]
    default = _format_default(flag)
    return f"{text} Default: {default}." if default else text


def _format_default(flag: flags.Flag) -> str | None:
    if flag.default in (None, []):
        return None
    if flag.boolean:
        return "on" if flag.default else "off"
    if isinstance(flag.default, list):
        return ",".join(flag.default)
    return str(flag.default)


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
