"""Imports point one way and never in a circle, and only commands know flags."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dcgan_tf"
# A module may import from those before it and from its own place. Modules
# directly in the package are places of their own.
ORDER = (
    "version",
    "registration",
    "counted",
    "setting_names",
    "output",
    "failures",
    "given_path",
    "scratch",
    "context",
    "tf_paths",
    "image_sizes",
    "families",
    "config",
    "recipes",
    "presets",
    "images",
    "seeds",
    "batch_order",
    "latents",
    "traced",
    "kernels",
    "data",
    "models",
    "losses",
    "runs",
    "training",
    "evaluation",
    "analysis",
    "serving",
    "run",
    "api",
    "run_report",
    "cli",
    "__main__",
)
# Places inside others that import nothing of the project but their own.
ALONE = ("evaluation/measures",)
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_FILES_PER_FOLDER = 24


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def place_of(module: str) -> str:
    return module.split(".")[1]


def imports_of(source: str) -> set[str]:
    """Every module of the project or absl that a file names.

    Wherever it does: in a function, or where only type checkers look.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # A relative import would be invisible here.
            assert node.level == 0, ast.unparse(node)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {
        name for name in found if name.split(".")[0] in ("dcgan_tf", "absl")
    }


def find_circle(sources: dict[str, str]) -> list[str]:
    """Files that import each other in a circle; empty where none do.

    Args:
        sources: Module name -> its text.
    """
    graph = {}
    for name, source in sources.items():
        # `from a.b import c` names a module a.b.c, or something in a.b.
        graph[name] = {
            found if found in sources else found.rpartition(".")[0]
            for found in imports_of(source)
        } & set(sources) - {name}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_point_down(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts == ("__init__",):
        return  # The package's front door may open on any room.
    place = parts[0]
    assert place in ORDER, f"{place} has no place in ORDER"
    for name in imports_of(path.read_text("utf-8")):
        if name.startswith("dcgan_tf."):
            assert ORDER.index(place_of(name)) <= ORDER.index(place), name
        else:
            assert place == "cli" or "flags" not in name, name


@pytest.mark.parametrize("folder", ALONE)
def test_what_stands_alone_imports_its_own(folder):
    paths = sorted((PACKAGE / folder).rglob("*.py"))
    own = name_of(PACKAGE / folder) + "."
    imports = {
        name_of(path): {
            name
            for name in imports_of(path.read_text("utf-8"))
            if not name.startswith(own)
        }
        for path in paths
    }
    assert len(paths) > 1
    assert {name: found for name, found in imports.items() if found} == {}


def test_every_place_in_the_order_is_there():
    places = {path.stem for path in PACKAGE.iterdir()}
    assert set(ORDER) <= places


def test_no_files_import_each_other_in_a_circle():
    sources = {name_of(path): path.read_text("utf-8") for path in MODULES}
    assert not find_circle(sources)


@pytest.mark.parametrize(
    "second",
    [
        "import dcgan_tf.one",
        "from dcgan_tf import one",
        "from dcgan_tf.one import thing",
        "def late():\n    from dcgan_tf.one import thing",
        "if TYPE_CHECKING:\n    from dcgan_tf import one",
        "from dcgan_tf import three",
    ],
)
def test_circles_are_found(second):
    sources = {
        "dcgan_tf.one": "import dcgan_tf.two",
        "dcgan_tf.two": second,
        "dcgan_tf.three": "from dcgan_tf.one import thing",
    }
    assert {"dcgan_tf.one", "dcgan_tf.two"} <= set(find_circle(sources))
    sources["dcgan_tf.one"] = "import os"
    assert not find_circle(sources)


@pytest.mark.parametrize("top", ["dcgan_tf", "tests", "benchmarks"])
def test_no_folder_is_overfull(top):
    folders = {path.parent for path in (ROOT / top).rglob("*.py")}
    for folder in folders - {ROOT / top / "golden"}:
        files = [path for path in folder.iterdir() if path.is_file()]
        assert len(files) <= MAX_FILES_PER_FOLDER, folder


def test_there_is_no_drawer_for_everything():
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "util", "common", "helpers", "misc"}


@pytest.mark.parametrize("top", ["dcgan_tf", "tests", "benchmarks"])
def test_no_file_escapes_the_linter(top):
    """Folders of runs are left out, and a package is called `runs` too."""
    pytest.importorskip("ruff")
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    listed = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    files = {path for path in (ROOT / top).rglob("*.py")}
    files = {str(path) for path in files if "node_modules" not in path.parts}
    assert files and files <= set(listed)
