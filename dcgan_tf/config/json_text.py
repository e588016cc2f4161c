"""Reads JSON that may come from anybody."""

import json
from typing import Any


def read_json(text: str | bytes, **options: Any) -> Any:
    """Parses JSON.

    Args:
        text: To parse.
        **options: Arguments of `json.loads`.

    Raises:
        ValueError: If it is no JSON, or lists in lists in it go so deep that
            Python's own parser gives up.
    """
    try:
        return json.loads(text, **options)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
