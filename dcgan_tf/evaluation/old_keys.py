"""Renames the keys of 0.1.0's evaluation JSON to today's."""

import re
from collections.abc import Mapping
from typing import Any

_OLD_KEYS = {
    "subject": "model",
    "network": "feature_extractor",
    "two_sample": "c2st",
    "two_sample_real": "c2st_real",
    "two_sample_fake": "c2st_fake",
    "class_score": "inception_style_score",
    "class_score_std": "inception_style_score_std",
    "sure_share": "confident_fraction",
    "least_class_share": "smallest_class_fraction",
    "copying_pixels_closer_share": "copying_pixels_closer_fraction",
    "copying_pixels_near_share": "copying_pixels_memorized_fraction",
    "copying_features_closer_share": "copying_features_closer_fraction",
    "copying_features_near_share": "copying_features_memorized_fraction",
    "spread": "std",
    "spread_factor": "std_factor",
    "strength": "C",
    "strengths": "C_values",
}
_CLASS_SHARE = re.compile(r"class_share_(\d+)")


def rename_keys(values: Any) -> Any:
    """Returns results with today's keys; those that have them stay as is."""
    if isinstance(values, Mapping):
        return {_rename(k): rename_keys(v) for k, v in values.items()}
    if isinstance(values, list | tuple):
        return [rename_keys(value) for value in values]
    return values


def _rename(key: str) -> str:
    key = _CLASS_SHARE.sub(r"class_fraction_\1", key)
    return _OLD_KEYS.get(key, key)
