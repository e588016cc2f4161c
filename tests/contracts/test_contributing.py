"""CONTRIBUTING's map: every file that it names is there, and in eight steps."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
# Folders and files are named from the root, or inside the package.
NAMES = sorted(
    {
        name
        for name in re.findall(r"`([\w./]+(?:\.py|/))`", TEXT)
        if name != "test_networks.py"
    }
)


@pytest.mark.parametrize("name", NAMES)
def test_named_files_exist(name):
    roots = (ROOT, ROOT / "dcgan_tf", *(ROOT / "dcgan_tf").iterdir())
    assert any((root / name).exists() for root in roots)


@pytest.mark.parametrize("start", ["train.py", "export.py"])
def test_a_map_names_eight_files_at_most_and_what_is_in_them(start):
    text = TEXT[TEXT.index(f"1. `{start}`") :].split("\n\n")[0]
    steps = re.split(r"^\d\. ", text, flags=re.M)[1:]
    assert 1 < len(steps) <= 8
    for step in steps:
        path, *names = re.findall(r"`([\w./]+)`", step)
        source = (ROOT / path).read_text("utf-8")
        for name in names:
            word = re.escape(name.removesuffix(".py"))
            assert re.search(rf"\b{word}\b", source), (path, name)
