"""A page that runs the generator in a visitor's browser, with LiteRT.js.

The page's own files lie beside this one, LiteRT.js comes from npm. Both
are copied, so that the page needs no other host; as a single file it needs no
server either.
"""

import base64
import gzip
import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import keras

from dcgan_tf.config import ARRAYS, RunConfig
from dcgan_tf.serving.web.latent_directions import compute_directions

SINGLE_FILE = "page.html"
_NUM_DIRECTIONS = 8
# What visitors read where a dataset's name says little.
_DATASET_WORDS = {
    "mnist_5k": "5,000 handwritten digits",
    "mnist": "handwritten digits",
    "toy_faces": "drawn faces",
    # One may be a file of arrays.
    "image_folder": "a collection of pictures",
    ARRAYS: "a collection of pictures",
    "fashion_mnist": "pictures of clothes",
    "svhn_cropped": "house numbers",
    "celeb_a": "faces of celebrities",
    "oxford_flowers102": "pictures of flowers",
}

_SOURCES = Path(__file__).parent
_RUNTIME = _SOURCES / "node_modules" / "@litertjs"
# The one that runs everywhere; a relaxed-SIMD one is faster only on integers.
_GLUE = "litert_wasm_compat_internal.js"
_WASM = "litert_wasm_compat_internal.wasm"
_MODULES = {
    "litert": _RUNTIME / "core/dist/index.js",
    "@litertjs/wasm-utils": _RUNTIME / "wasm-utils/dist/index.js",
}
_NOTICE = "LiteRT.js {version}, (c) Google LLC, Apache License 2.0"


def check_runtime() -> None:
    """Checks that npm's part of the page is there.

    Raises:
        FileNotFoundError: If it is not, saying how to get it.
    """
    if not (_RUNTIME / "core" / "wasm" / _WASM).is_file():
        raise FileNotFoundError(
            "the page needs LiteRT.js, which npm fetches (Node.js 18 or "
            f"newer): npm ci --prefix {os.fspath(_SOURCES)}"
        )


def describe_model(
    generator: keras.Model,
    config: RunConfig,
    step: int,
    class_names: Sequence[str] = (),
) -> dict:
    """Returns what the page must know of its network.

    Args:
        generator: Of any family.
        config: The run's settings.
        step: The checkpoint's step.
        class_names: Of a conditional run; empty for their numbers.
    """
    name = config.data.trained_dataset
    num_classes = config.model.num_classes
    classes = {}
    if num_classes:
        classes["classes"] = list(class_names) or [
            str(label) for label in range(num_classes)
        ]
    return {
        "dataset": _DATASET_WORDS.get(name.split(":")[0], name),
        "step": step,
        "image_size": list(config.model.image_size),
        "channels": config.model.channels,
        "latent_dim": config.model.latent_dim,
        "family": config.model.family,
        "num_parameters": generator.count_params(),
        "directions": [
            [round(float(value), 6) for value in direction]
            for direction in compute_directions(
                generator, _NUM_DIRECTIONS, num_classes=num_classes
            )
        ],
        **classes,
    }


def save_page(
    folder: Path, model: dict, network: bytes, single_file: bool = False
) -> None:
    """Writes the page.

    Args:
        folder: Made if need be; any static server can serve it.
        model: From `describe_model`.
        network: The generator as a .tflite file of batch size 1.
        single_file: Whether to write `page.html` too, which holds all and
            works from disk.

    Raises:
        FileNotFoundError: If LiteRT.js is not installed.
    """
    check_runtime()
    modules = {
        f"page/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(_SOURCES.glob("*.js"))
        if path.name != "disk.js"
    }
    for name, path in _MODULES.items():
        modules[name] = _drop_source_map(path.read_text(encoding="utf-8"))
    files = {
        # Python would write NaN, which a browser doesn't read.
        "model.json": json.dumps(model, allow_nan=False).encode(),
        "generator.tflite.gz": gzip.compress(network, mtime=0),
        _GLUE: (_RUNTIME / "core/wasm" / _GLUE).read_bytes(),
        f"{_WASM}.gz": gzip.compress(
            (_RUNTIME / "core/wasm" / _WASM).read_bytes(), mtime=0
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write_folder(folder, modules, files)
    if single_file:
        page = _build_single_file(modules, files)
        (folder / SINGLE_FILE).write_text(page, encoding="utf-8")


def _write_folder(
    folder: Path, modules: dict[str, str], files: dict[str, bytes]
) -> None:
    paths = {name: f"{_file_name(name)}" for name in modules}
    for name, text in modules.items():
        (folder / paths[name]).write_text(text, encoding="utf-8")
    for name, contents in files.items():
        (folder / name).write_bytes(contents)
    style = (_SOURCES / "style.css").read_text(encoding="utf-8")
    (folder / "style.css").write_text(style, encoding="utf-8")
    scripts = _make_scripts({n: f"./{path}" for n, path in paths.items()})
    allowed = " ".join(f"'{_hash(text)}'" for _, text in scripts)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src 'self' 'wasm-unsafe-eval' {allowed}; style-src 'self'; "
        "connect-src 'self'; img-src 'self' blob: data:"
    )
    head = [
        _make_policy(policy),
        '<link rel="stylesheet" href="style.css">',
        '<link rel="icon" href="data:,">',
        *_write_scripts(scripts),
    ]
    index = _fill_template(head)
    (folder / "index.html").write_text(index, encoding="utf-8")


def _build_single_file(modules: dict[str, str], files: dict[str, bytes]) -> str:
    scripts = _make_scripts(
        {
            name: f"data:text/javascript;base64,{_encode(text.encode())}"
            for name, text in modules.items()
        }
    )
    # From disk there is no 'self'; and nothing may be fetched at all.
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "script-src 'unsafe-inline' data: blob: 'wasm-unsafe-eval'; "
        "style-src 'unsafe-inline'; img-src blob: data:"
    )
    style = (_SOURCES / "style.css").read_text(encoding="utf-8")
    embedded = [
        f'<script type="text/plain" data-file="{name}">'
        f"{_encode(contents)}</script>"
        for name, contents in files.items()
    ]
    head = [
        _make_policy(policy),
        f"<style>\n{style}</style>",
        '<link rel="icon" href="data:,">',
        *embedded,
        *_write_scripts(scripts),
    ]
    return _fill_template(head)


def _make_scripts(addresses: dict[str, str]) -> list[tuple[str, str]]:
    """Returns inline scripts' `(type, text)`."""
    return [
        ("text/javascript", (_SOURCES / "disk.js").read_text(encoding="utf-8")),
        ("importmap", json.dumps({"imports": addresses})),
        ("module", 'import "page/page.js";'),
    ]


def _write_scripts(scripts: list[tuple[str, str]]) -> list[str]:
    return [f'<script type="{kind}">{text}</script>' for kind, text in scripts]


def _make_policy(policy: str) -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def _fill_template(head: list[str]) -> str:
    package = json.loads(
        (_RUNTIME / "core/package.json").read_text(encoding="utf-8")
    )
    notice = _NOTICE.format(version=package["version"])
    template = (_SOURCES / "index.html").read_text(encoding="utf-8")
    before, after = template.split("<!-- head -->")
    return "\n".join([before + f"<!-- {notice} -->", *head]) + after


def _file_name(module: str) -> str:
    name = module.rsplit("/", 1)[-1]
    return name if name.endswith(".js") else f"{name}.js"


def _drop_source_map(text: str) -> str:
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)


def _encode(contents: bytes) -> str:
    return base64.b64encode(contents).decode()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{_encode(digest)}"
