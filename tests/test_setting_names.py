"""Messages name flags to who gives flags, and arguments to who gives these."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from dcgan_tf.setting_names import (
    has_setting,
    name_setting,
    settings_are_flags,
)

PACKAGE = Path(__file__).parents[1] / "dcgan_tf"
# Commands to copy into a shell.
COMMANDS = {
    "data/downloads.py": ["--data_dir", "--dataset"],
    "serving/web/page.py": ["--prefix"],
}


@pytest.mark.parametrize(
    ("setting", "argument", "flag"),
    [
        (("batch_size", 32), "batch_size=32", "--batch_size=32"),
        (("fit", "pad"), "fit='pad'", "--fit=pad"),
        (("flip",), "flip", "--flip"),
        (("image_dir",), "images", "--image_dir"),
    ],
)
def test_a_setting_has_a_name_of_each_kind(setting, argument, flag):
    assert name_setting(*setting) == argument
    with settings_are_flags():
        assert name_setting(*setting) == flag
        with settings_are_flags():
            pass
        assert name_setting(*setting) == flag
    assert name_setting(*setting) == argument


def test_advice_is_of_flags_that_a_command_has():
    assert has_setting("image_dir")
    with settings_are_flags({"run_dir"}):
        assert has_setting("run_dir") and not has_setting("image_dir")
    assert has_setting("image_dir")


@pytest.mark.parametrize(
    "value", ["runs/x@STEP", "my runs/it's@STEP", "[::1]:8500", 3, 0.5]
)
def test_a_value_may_be_copied(value):
    """Folders of any name into a shell, and as Python has them otherwise."""
    assert name_setting("init_from", value) == f"init_from={value!r}"
    with settings_are_flags():
        (word,) = shlex.split(name_setting("init_from", value))
    assert word == f"--init_from={value}"


def list_flags_in_text(path):
    """Names flags in a file's text, but for what documents it."""
    tree = ast.parse(path.read_text("utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if hasattr(node, "body")
        and isinstance(node.body, list)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        flag
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documents
        for flag in re.findall(r"(?<![\w!-])--[a-z]\w+", node.value)
    ]


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] != "cli"
    ],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_only_commands_write_flags(path):
    allowed = COMMANDS.get(path.relative_to(PACKAGE).as_posix(), [])
    assert sorted(list_flags_in_text(path)) == allowed
