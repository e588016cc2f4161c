"""Checks of single settings, in words."""


def check_at_least(name: str, value: float, least: float) -> None:
    """Raises `ValueError` if a setting is under its least value."""
    if value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")


def check_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises `ValueError` if a setting is none of its choices."""
    if value not in choices:
        raise ValueError(
            f"{name} is {value!r}; use one of {', '.join(choices)}"
        )
