"""Pixels are scaled to [-1, 1] and rounded to levels in one module."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "dcgan_tf"
HOME = PACKAGE / "images.py"
# Faces are drawn by numpy alone; levels of 16 bits are floored, not rounded.
OTHER_ROUNDING = {"data/toy_faces.py", "data/files/level_range.py"}


def find_scaling(source: str) -> list[str]:
    """Expressions that scale by half of 255, or cut to a pixel's range."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in (127.5, 1 / 127.5):
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call) and "clip" in ast.unparse(node.func):
            bounds = [ast.unparse(bound) for bound in node.args[-2:]]
            if bounds in (["0", "255"], ["0.0", "255.0"]):
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source",
    [
        "(images + 1) * 127.5",
        "np.clip(levels, 0, 255).astype(np.uint8)",
        "tf.clip_by_value(tf.round(levels), 0.0, 255.0)",
        "tf.round(levels).clip(0, 255)",
    ],
)
def test_scaling_is_found(source):
    assert find_scaling(source)
    assert not find_scaling(f'"""{source}"""\n# {source}\nimages * 2')


def test_scaling_is_in_one_module():
    found = {
        str(path.relative_to(PACKAGE)): find_scaling(path.read_text("utf-8"))
        for path in PACKAGE.rglob("*.py")
    }
    assert found.pop(HOME.name)
    for exception in OTHER_ROUNDING:
        assert len(found.pop(exception)) == 1
    assert {name: lines for name, lines in found.items() if lines} == {}
