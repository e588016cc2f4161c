"""Results of several models side by side on the terminal."""

import statistics
from collections.abc import Mapping, Sequence

from dcgan_tf.evaluation.old_keys import rename_keys
from dcgan_tf.evaluation.tables import format_columns, format_conditions

# Columns that a comparison of fewer doesn't get: two make none.
_MIN_AVERAGED = 3
# What must be equal for two results' figures to compare, and what it is.
_CONDITIONS = {
    "dataset": "dataset",
    "held_out_split": "held-out split",
    "held_out_digest": "held-out images (which, or their size, channels, crop)",
    "seed": "seed",
    "feature_extractor": "feature extractor",
    "counts": "counts",
    "probe_data": "images of the probe",
}


def format_comparison(results: Sequence[Mapping]) -> str:
    """Formats what was found of several models side by side.

    From three models on, with the mean and the sample standard deviation
    over them. Differences in what figures depend on are said: they don't
    compare then.
    """
    results = [rename_keys(result) for result in results]
    differing = [
        name
        for key, name in _CONDITIONS.items()
        if any(r.get(key) != results[0].get(key) for r in results)
    ]
    parts = []
    if differing:
        parts.append(
            f"These figures do NOT compare: {', '.join(differing)} differ."
        )
    elif "measures" in results[0]:
        parts.append(format_conditions(results[0]))
    names = [f"{r['model']}@{r['step']}" for r in results]
    for title, list_figures in _SECTIONS.items():
        columns = [list_figures(result) for result in results]
        if any(columns):
            title = f"{title}\n" if title else ""
            parts.append(title + _format_models(names, columns))
    warned: dict[str, list[str]] = {}
    for name, result in zip(names, results, strict=True):
        for text in result.get("warnings", ()):
            warned.setdefault(text, []).append(name)
    parts += [f"WARNING: {', '.join(of)}: {t}" for t, of in warned.items()]
    return "\n\n".join(parts) or "None of these measures is for these models."


def _list_samples_measures(result: Mapping) -> dict[str, float]:
    return result.get("measures", {}).get("samples", {})


def _list_one_nn(result: Mapping) -> dict[str, float]:
    if "one_nn" not in result:
        return {}
    one_nn = result["one_nn"]
    return {
        f"{one_nn['num_samples']} labelled samples": one_nn["samples_error"],
        f"{one_nn['num_training']} training images": one_nn["training_error"],
    }


def _list_overlaps(result: Mapping) -> dict[str, float]:
    return {
        f"{row['features']}, {row['num_labelled']} labelled: {name}": overlap
        for row in result.get("segmentation", {}).get("rows", ())
        for name, overlap in row["overlap"].items()
    }


def _list_accuracies(result: Mapping) -> dict[str, float]:
    return {
        f"{row['features']}, {row['num_labels']} labels": row["accuracy"]
        for row in result.get("probe", ())
    }


# Of a comparison: each model's figures by name.
_SECTIONS = {
    "": _list_samples_measures,
    "Error of 1-nearest neighbour, by what it is fitted on": _list_one_nn,
    "Segmentation of samples, intersection over union": _list_overlaps,
    "Probe accuracy": _list_accuracies,
}


def _format_models(names, columns) -> str:
    named = dict(zip(names, columns, strict=True))
    if len(columns) >= _MIN_AVERAGED:
        shared = [key for key in columns[0] if all(key in c for c in columns)]
        values = {key: [c[key] for c in columns] for key in shared}
        named["mean"] = {k: statistics.fmean(v) for k, v in values.items()}
        named["std"] = {k: statistics.stdev(v) for k, v in values.items()}
    return format_columns(named)
