"""Benchmarks import what the package has: all they name, checked at once."""

import ast
import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    "path",
    sorted(BENCHMARKS.rglob("*.py")),
    ids=lambda path: path.relative_to(BENCHMARKS).as_posix(),
)
def test_names_exist(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if not (node.module or "").startswith("dcgan_tf"):
            continue
        module = importlib.import_module(node.module)
        for alias in node.names:
            if not hasattr(module, alias.name):
                importlib.import_module(f"{node.module}.{alias.name}")
