"""What the library returns holds Python's own numbers, as annotated.

NumPy's look alike, and `json.dumps` refuses them.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from dcgan_tf.serving.lite import convert

PLAIN = (int, float, bool, str, type(None))


def find_others(value, name="result"):
    """Lists what is neither plain nor made of what is."""
    if dataclasses.is_dataclass(value):
        # Not `asdict`, which copies.
        value = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        is_plain = type(value) in PLAIN or isinstance(value, Path)
        return [] if is_plain else [f"{name}: {type(value).__name__}"]
    return [
        found
        for key, each in items
        for found in find_others(each, f"{name}.{key}")
        + find_others(key, f"key of {name}")
    ]


def test_numpys_numbers_are_found():
    values = {"a": [1, np.float64(1)], np.int64(2): (None, np.bool_(True))}
    assert len(find_others(values)) == 3


@pytest.mark.usefixtures("few_precisions")
def test_an_exports_values(run, tmp_path):
    pytest.importorskip("ai_edge_litert")
    export = run.export(
        tmp_path, formats=["saved_model", "tflite"], log=lambda line: None
    )
    assert not find_others(export)
    json.dumps(dataclasses.asdict(export), default=str)
    for part in export.parts:
        assert part.path.exists() and part.num_bytes > 0
        if part.check is not None:
            assert part.check.path == part.path
            assert part.num_bytes == part.path.stat().st_size
            assert not find_others(convert.load_metadata(part.path))
        else:
            files = [x for x in part.path.rglob("*") if x.is_file()]
            assert part.num_bytes == sum(x.stat().st_size for x in files)
    assert any(part.check for part in export.parts)


def test_an_evaluations_values(run):
    result = run.evaluate(features="random", num_samples=12)
    assert not find_others(result)


def test_a_probes_values(run):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, *run.config.model.image_size, 3))
    labelled = images.astype(np.uint8), np.arange(40) % 2
    result = run.evaluate(
        [], probe="few_labels", probe_data=labelled, probe_held_out=labelled,
        probe_rows=["pixels"], probe_labels=[None],
    )  # fmt: skip
    assert result["probe"] and not find_others(result)
