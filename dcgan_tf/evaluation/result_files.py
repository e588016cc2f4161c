"""Results of an evaluation as JSON on disk."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from dcgan_tf import scratch
from dcgan_tf.config.json_text import read_json
from dcgan_tf.evaluation import EVALUATION_DIR
from dcgan_tf.evaluation.old_keys import rename_keys

# What must be equal for two evaluations of a step to be one. A folder's name
# tells nothing: an export's next version may be of another run's same step.
_KEYS = (
    "weights_digest",
    "step",
    "dataset",
    "held_out_split",
    "held_out_digest",
    "seed",
    "dcgan_tf",
)
# What an evaluation may have found.
FOUND = ("measures", "one_nn", "segmentation", "probe")
# What must be equal besides for their measures to stand side by side.
_MEASURE_CONDITIONS = ("feature_extractor", "counts")
# What is a probe's alone. On other images than the run's own test set it has
# a file of its own, and these decide what it is.
_PROBE_CONDITIONS = ("protocol", "trained_on", "probe_data")
_NUMBER = re.compile(r"\d[\d.,e+-]*")
# Where any of its rows has some.
_STATISTICS = "discriminator_statistics"
_PROBE_KEYS = (*_PROBE_CONDITIONS, "probe", _STATISTICS)


def get_report_path(folder: str | os.PathLike, step: int) -> Path:
    """Returns where a model's results at a step are kept."""
    return Path(folder) / EVALUATION_DIR / f"{step}.json"


def save_reports(
    folder: str | os.PathLike,
    result: Mapping,
    log: Callable[[str], None] = lambda message: None,
) -> list[Path]:
    """Writes an evaluation's results into a model's folder.

    A probe on other images than the run's own test set is kept beside the
    rest, in a file named by what it was on.

    Args:
        folder: The model's.
        result: As `evaluate` returns it.
        log: Takes a line where what an earlier evaluation found is replaced.

    Returns:
        The files written.
    """
    path = get_report_path(folder, result["step"])
    name = result.get("probe_report")
    if name is None:
        save_report(path, result, log)
        return [path]
    shared = ("model", "weights_digest", "step", "seed", "dcgan_tf")
    shared += ("elapsed_seconds",)
    probe_path = path.with_name(f"{name}.json")
    kept = (*shared, *_PROBE_KEYS)
    probe = {key: result[key] for key in kept if key in result}
    save_report(probe_path, probe, log)
    rest = {k: v for k, v in result.items() if k not in _PROBE_KEYS}
    del rest["probe_report"]
    if set(rest) - {*shared, *_KEYS}:
        save_report(path, rest, log)
        return [path, probe_path]
    return [probe_path]


def save_report(
    path: Path,
    result: Mapping,
    log: Callable[[str], None] = lambda message: None,
) -> None:
    """Writes results atomically.

    What an earlier evaluation of the same weights, data and seed computed and
    this one did not stays: a probe does not cost the distances, nor one of
    its rows the others, nor a measure others in the same features and of as
    many images.
    """
    earlier = _load_earlier(path, result, log)
    joined = {
        **_join_measures(path, earlier, result, log),
        **_join_rows(path, earlier, result, log),
    }
    result = {**earlier, **result, **joined}
    with scratch.new_folder(path.parent):
        scratch.save_text(path, json.dumps(result, indent=2) + "\n")


def _join_measures(
    path: Path, earlier: Mapping, result: Mapping, log: Callable[[str], None]
) -> dict:
    """Returns measures with those of before that are left out now."""
    if "measures" not in earlier or "measures" not in result:
        return {}
    old, new = earlier["measures"], result["measures"]
    if any(earlier.get(key) != result.get(key) for key in _MEASURE_CONDITIONS):
        lost = dict.fromkeys(name for values in old.values() for name in values)
        if lost := [name for name in lost if name not in new["samples"]]:
            log(
                f"{path}: {', '.join(lost)} of an earlier evaluation, in other "
                "features or of other counts, are replaced"
            )
        return {}
    measures = {
        name: {**old.get(name, {}), **values} for name, values in new.items()
    }
    return {"measures": measures, "warnings": _join_warnings(earlier, result)}


def _join_warnings(earlier: Mapping, result: Mapping) -> list[str]:
    """Returns one warning of each kind, by its words up to a colon.

    Of two the one that says more counts, such as a distance that only one
    evaluation has, and else the new one.
    """
    found: dict[str, str] = {}
    for text in (*result.get("warnings", ()), *earlier.get("warnings", ())):
        words = _NUMBER.sub("", text)
        kind = words.partition(":")[0]
        if len(words) > len(_NUMBER.sub("", found.get(kind, ""))):
            found[kind] = text
    return list(found.values())


def _join_rows(
    path: Path, earlier: Mapping, result: Mapping, log: Callable[[str], None]
) -> dict:
    """Returns a probe's rows with those of the same probe that it left out."""
    if "probe" not in earlier or "probe" not in result:
        return {}
    differing = [
        key
        for key in _PROBE_CONDITIONS
        # As JSON has them: tuples are lists.
        if json.dumps(earlier.get(key)) != json.dumps(result.get(key))
    ]
    if differing:
        log(
            f"{path}: rows of an earlier probe, with another "
            f"{', '.join(differing)}, are replaced"
        )
        return {_STATISTICS: result.get(_STATISTICS)}
    new = {(row["features"], row["num_labels"]) for row in result["probe"]}
    kept = [
        row
        for row in earlier["probe"]
        if (row["features"], row["num_labels"]) not in new
    ]
    return {"probe": [*result["probe"], *kept]}


def load_report(path: str | os.PathLike) -> dict:
    """Reads results, those of 0.1.0 by today's keys.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it isn't what `save_report` writes.
    """
    result = read_json(Path(path).read_text(encoding="utf-8-sig"))
    if not isinstance(result, dict):
        raise ValueError(f"{os.fspath(path)!r} holds no results")
    return rename_keys(result)


def _load_earlier(
    path: Path, result: Mapping, log: Callable[[str], None]
) -> dict:
    try:
        earlier = load_report(path)
    except (FileNotFoundError, ValueError):
        return {}  # None there, or from another hand.
    differing = [key for key in _KEYS if earlier.get(key) != result.get(key)]
    if not differing:
        return earlier
    if found := [name for name in FOUND if name in earlier]:
        log(
            f"{path}: {', '.join(found)} of an earlier evaluation, with "
            f"another {', '.join(differing)}, are replaced"
        )
    return {}
