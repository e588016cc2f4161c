"""Exports and what reads them don't depend on the locale."""

import ast
from pathlib import Path

import pytest

from dcgan_tf import serving

FILES = sorted(Path(serving.__path__[0]).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_text_files_name_their_encoding(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        if name in ("read_text", "write_text", "open"):
            keywords = {keyword.arg for keyword in node.keywords}
            assert "encoding" in keywords, f"line {node.lineno}"
