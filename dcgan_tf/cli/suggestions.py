"""What a mistaken word was perhaps meant to be."""

import difflib
from collections.abc import Sequence


def suggest(word: str, choices: Sequence[str]) -> str:
    """Returns `did you mean train?`, or `use one of ...` if nothing is near.

    Args:
        word: As it was given.
        choices: What would do.
    """
    near = difflib.get_close_matches(word.lower(), choices, n=2, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"use one of {', '.join(choices)}"
