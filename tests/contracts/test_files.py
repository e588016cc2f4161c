"""How files are opened: in UTF-8 wherever it runs, and written aside."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dcgan_tf"
SOURCES = sorted(
    [
        *PACKAGE.rglob("*.py"),
        *ROOT.glob("*.py"),
        *ROOT.glob("benchmarks/**/*.py"),
    ]
)
# They open files of their own formats.
OTHER_OPENERS = {
    "os", "Image", "lmdb", "tarfile", "zipfile", "webbrowser",
    # A folder or an archive, and an archive's own: they give bytes.
    "tree", "_tree", "_archive", "self",
    "_OPENER",  # Of URLs.
}  # fmt: skip
WRITERS = {
    "write_text", "write_bytes", "save", "savez", "savefig", "imwrite",
    "fdopen", "NamedTemporaryFile",
}  # fmt: skip
# These write in a folder that is itself written aside and renamed, to
# memory, or what is meant to grow.
WRITTEN_ASIDE = {
    "scratch.py": {"write_bytes"},
    "images.py": {"save", "savefig"},
    "data/disk_cache.py": {"open"},
    "runs/lock.py": {"open"},
    "runs/metrics.py": {"open"},
    "cli/client.py": {"open", "save"},
    "evaluation/feature_extractors/classifier.py": {"open", "savez"},
    "evaluation/linear_probe/kept_results.py": {"open", "savez"},
    "output.py": {"open"},
    "serving/lite/convert.py": {"save"},
    "serving/lite/integer_errors.py": {"write_bytes"},
    "serving/lite/lite_files.py": {"write_bytes", "write_text"},
    "serving/saved_model.py": {"save"},
    "serving/versions.py": {"write_text"},
    "serving/warmup.py": {"save"},
    "serving/web/page.py": {"write_bytes", "write_text"},
}


def name_of(path):
    return str(path.relative_to(ROOT))


def find_calls(path):
    """Yields each call with its function's name and owner."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            value = getattr(node.func, "value", None)
            owner = getattr(value, "id", getattr(value, "attr", None))
            yield node, name, owner


def find_mode(node, name):
    """Returns the mode that a file is opened in."""
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    # `path.open(mode)`, but `open(path, mode)`.
    place = 0 if isinstance(node.func, ast.Attribute) else 1
    arguments = node.args[place : place + 1]
    mode = given.get("mode", *arguments) if arguments else given.get("mode")
    return mode.value if isinstance(mode, ast.Constant) else "r"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_text_files_name_their_encoding(path):
    for node, name, owner in find_calls(path):
        is_open = name == "open" and owner not in OTHER_OPENERS
        if is_open and "b" in find_mode(node, name):
            continue
        if is_open or name in ("read_text", "write_text", "fdopen"):
            keywords = {keyword.arg for keyword in node.keywords}
            assert "encoding" in keywords, f"line {node.lineno}"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem
)
def test_files_are_written_by_scratch_or_in_a_folder_aside(path):
    name = path.relative_to(PACKAGE).as_posix()
    found = set()
    for node, function, owner in find_calls(path):
        opens = function == "open" and owner not in OTHER_OPENERS
        if function in WRITERS and owner not in (
            "checkpoints",
            "kept",
            "patch",
        ):
            found.add(function)
        elif opens and set(find_mode(node, function)) & set("wax+"):
            found.add(function)
    assert found == WRITTEN_ASIDE.get(name, set())
