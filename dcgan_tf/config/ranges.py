"""Checks of single settings, in words."""

import dataclasses
import math
import numbers
import os
import types
import typing
from collections.abc import Iterable
from typing import Any

_WORDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a finite number",
    str: "text",
}


def check_at_least(name: str, value: float, least: float) -> None:
    """Raises `ValueError` if a setting is under its least value."""
    if value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")


def check_whole_number(
    name: str, value: Any, least: int, largest: int | None = None
) -> int:
    """Checks a number that a program gave as an argument.

    Args:
        name: The argument's.
        value: What it is.
        least: That will do.
        largest: The same; None for any.

    Returns:
        Python's own: NumPy's narrow ones overflow in arithmetic.

    Raises:
        ValueError: If it is another number, or none.
    """
    if (
        not _is_whole(value)
        or value < least
        or (largest is not None and value > largest)
    ):
        end = "or more" if largest is None else f"to {largest:,}"
        raise ValueError(
            f"{name} is {value!r}; use {least:,} {end}, a whole number"
        )
    return int(value)


def _is_whole(value: Any) -> bool:
    return _is_finite(value) and value == int(value)


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def check_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises `ValueError` if a setting is none of its choices."""
    if value not in choices:
        raise ValueError(
            f"{name} is {value!r}; use one of {', '.join(choices)}"
        )


def check_parts(whose: str, num_images: int, num_parts: int) -> None:
    """Raises `ValueError` if images don't divide into `accumulate` parts."""
    if num_images % num_parts:
        choices = [n for n in range(1, num_images + 1) if num_images % n == 0]
        raise ValueError(
            f"accumulate is {num_parts}, and the {num_images} images of "
            f"{whose} do not divide into so many equal parts; use one of "
            f"{', '.join(map(str, choices))}"
        )


def normalize_settings(settings: Any) -> None:
    """Gives a dataclass's values the types that its fields have.

    A program may well give `ema_decay=0`, `steps=2e4`, NumPy's numbers, paths
    or lists, which a run's JSON can't hold or gives back as something else.

    Args:
        settings: A frozen dataclass that is being made.

    Raises:
        ValueError: If a setting is no such number or text.
    """
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        is_union = isinstance(field.type, types.UnionType)
        kinds = typing.get_args(field.type) if is_union else (field.type,)
        kind = next((kind for kind in _WORDS if kind in kinds), None)
        if value is None and type(None) in kinds:
            continue
        if kind is not None:
            if not _IS_KIND[kind](value):
                raise ValueError(
                    f"{field.name} is {value!r}; it must be {_WORDS[kind]}"
                )
            value = os.fsdecode(value) if kind is str else value
            value = kind(value)
        elif any(typing.get_origin(kind) is tuple for kind in kinds):
            value = _read_several(value)
        if value in ("", ()) and type(None) in kinds:
            # Or it would pass for not given.
            raise ValueError(
                f"{field.name} is empty; give it a value, or leave it out"
            )
        object.__setattr__(settings, field.name, value)


def _read_several(value: Any) -> tuple:
    """Returns a list's values, or the single one that a program gave."""
    is_one = isinstance(value, str) or not isinstance(value, Iterable)
    return (value,) if is_one else tuple(value)


def _is_truth_value(value: Any) -> bool:
    # NumPy's own are no numbers.
    is_text = isinstance(value, str)
    return not is_text and str(value) in ("True", "False", "0", "1")


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes | os.PathLike)


_IS_KIND = {
    bool: _is_truth_value,
    int: _is_whole,
    float: _is_finite,
    str: _is_text,
}
