"""Imports point one way, and only commands know of flags."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "dcgan_tf"
# A module may import from those before it and from its own place. Modules
# directly in the package are places of their own.
ORDER = (
    "version",
    "registration",
    "output",
    "failures",
    "scratch",
    "tf_paths",
    "image_sizes",
    "config",
    "presets",
    "images",
    "seeds",
    "latents",
    "kernels",
    "data",
    "models",
    "losses",
    "runs",
    "training",
    "evaluation",
    "analysis",
    "serving",
    "api",
    "run_report",
    "cli",
)
MODULES = sorted(PACKAGE.rglob("*.py"))


def place_of(module: str) -> str:
    return module.split(".")[1]


def imports_of(path: Path) -> set[str]:
    """Every module of the project or absl that a file names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {
        name for name in found if name.split(".")[0] in ("dcgan_tf", "absl")
    }


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_point_down(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts == ("__init__",):
        return  # The package's front door may open on any room.
    place = parts[0]
    assert place in ORDER
    for name in imports_of(path):
        if name.startswith("dcgan_tf."):
            assert ORDER.index(place_of(name)) <= ORDER.index(place), name
        else:
            assert place == "cli" or "flags" not in name, name


def test_there_is_no_drawer_for_everything():
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "util", "common", "helpers", "misc"}
