"""TensorFlow Serving's settings for a folder of exports.

They are text protocol buffers in the folder of exports, which the
server sees as `/models` (`deploy/serving/compose.yaml`).
"""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from dcgan_tf import scratch
from dcgan_tf.serving import versions

MODELS_FILE = "models.config"
BATCHING_FILE = "batching_parameters.txt"
MONITORING_FILE = "monitoring.config"
METRICS_PATH = "/monitoring/prometheus/metrics"

_SERVED_AT = "/models"

# ModelServerConfig. The newest version alone, so that memory holds one; a
# change to `specific { versions: N }` goes back to an old one.
_MODEL = """\
  config {{
    name: "{name}"
    base_path: "{folder}/{name}"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 1 }} }}
  }}
"""

# Fields of text protocol buffers that ask for versions by number.
_NUMBERED = ("specific", "version_labels")
# Words of text protocol buffers. A number may be hexadecimal or octal, and ends
# where a name begins. A string ends with its line, so that one without an end
# hides no more than that.
_WORD = re.compile(
    r"""
    (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*') | (?P<comment>\#.*)
    | (?P<number>0[xX][0-9a-fA-F]+|[0-9]+) | (?P<name>[A-Za-z_]\w*)
    | (?P<opening>[{<\[]) | (?P<closing>[}>\]])
    """,
    re.VERBOSE,
)

_MODEL_NAME = re.compile(r'^    name: "(.*)"$', re.MULTILINE)

# BatchingParameters. Latency counts: a batch waits two milliseconds at most.
_BATCHING = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 4 }
"""

_MONITORING = f"""\
prometheus_config {{
  enable: true
  path: "{METRICS_PATH}"
}}
"""
# Files that are the same whatever is exported.
_TEXTS = {BATCHING_FILE: _BATCHING, MONITORING_FILE: _MONITORING}


def save_settings(
    export_dir: str | os.PathLike,
    models: Sequence[str],
    log: Callable[[str], None] = print,
) -> list[Path]:
    """Writes the server's settings into a folder of exports.

    A file that isn't as an export writes it is somebody's work, such as a
    version that is held on to, and stays. A model that the newest export
    lacks is listed as long as there are versions of it: who asks a server
    for it is not to lose it by the export of another.

    Args:
        export_dir: The folder.
        models: Names of the newest export's models.
        log: Takes a line on what stays, if anything.

    Returns:
        The files that were written.
    """
    earlier = [name for name in _find_models(export_dir) if name not in models]
    texts = {
        MODELS_FILE: _list_models([*models, *earlier]),
        **_TEXTS,
    }
    kept = [n for n in texts if _is_changed(Path(export_dir, n))]
    paths = [Path(export_dir, name) for name in texts if name not in kept]
    for path in paths:
        # Atomically: a server may read at any time.
        scratch.save_text(path, texts[path.name])
    if kept:
        log(
            f"kept as changed by hand, in {os.fspath(export_dir)}: "
            f"{', '.join(kept)}; what is removed there is written anew by the "
            "next export"
        )
    if earlier and MODELS_FILE not in kept:
        log(
            f"still in {MODELS_FILE}, of an earlier export: "
            f"{', '.join(earlier)}; this export has none"
        )
    return paths


def _find_models(export_dir: str | os.PathLike) -> list[str]:
    """Finds the models of which a folder holds versions."""
    return [
        name
        for name in (versions.GENERATOR, versions.FEATURES)
        if versions.find_versions(Path(export_dir, name))
    ]


def find_pinned_versions(export_dir: str | os.PathLike) -> set[int]:
    """Returns the versions that a `models.config` asks for by number.

    Of any of its models: an export's networks have the same number, and are
    used together.

    Args:
        export_dir: The folder of exports; it may lack the file.
    """
    path = Path(export_dir, MODELS_FILE)
    if not path.is_file():
        return set()
    return _find_version_numbers(path.read_bytes().decode(errors="replace"))


def _find_version_numbers(text: str) -> set[int]:
    """Finds all numbers within the fields that ask for versions.

    Of a broken file too, for as much of it as can be told.
    """
    numbers = set()
    depth = 0
    field, field_depth = None, None  # The last name; where one began.
    for word in _WORD.finditer(text):
        if word.lastgroup == "name":
            field = word[0]
        elif word.lastgroup == "opening":
            if field_depth is None and field in _NUMBERED:
                field_depth = depth
            depth, field = depth + 1, None
        elif word.lastgroup == "closing":
            depth, field = depth - 1, None
            if field_depth is not None and depth <= field_depth:
                field_depth = None
        elif word.lastgroup == "number" and field_depth is not None:
            numbers.add(_parse_number(word[0]))
    return numbers


def _parse_number(digits: str) -> int:
    """Reads an integer as C writes it."""
    if digits[:2] in ("0x", "0X"):
        return int(digits, 16)
    is_octal = digits.startswith("0") and not set(digits) & {"8", "9"}
    return int(digits, 8 if is_octal else 10)


def _list_models(models: Sequence[str]) -> str:
    """Writes a ModelServerConfig."""
    # A model that is taken out by hand is still named by this line.
    names = f"# The models of this folder: {', '.join(models)}\n"
    return names + _list_without_names(models)


def _list_without_names(models: Sequence[str]) -> str:
    """Writes it as versions before this one did."""
    served = "".join(
        _MODEL.format(name=name, folder=_SERVED_AT) for name in models
    )
    return f"model_config_list {{\n{served}}}\n"


def _is_changed(path: Path) -> bool:
    """Whether a file is there, and not as an export writes it."""
    if not path.is_file():
        return False
    text = path.read_bytes().decode(errors="replace")
    if path.name == MODELS_FILE:
        # Of whichever models an earlier export was.
        models = _MODEL_NAME.findall(text)
        return text not in (_list_models(models), _list_without_names(models))
    return text != _TEXTS[path.name]
