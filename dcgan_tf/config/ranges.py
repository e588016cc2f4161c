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


def check_parts(whose: str, num_images: int, num_parts: int) -> None:
    """Raises `ValueError` if images don't divide into `accumulate` parts."""
    if num_images % num_parts:
        choices = [n for n in range(1, num_images + 1) if num_images % n == 0]
        raise ValueError(
            f"accumulate is {num_parts}, and the {num_images} images of "
            f"{whose} do not divide into so many equal parts; use one of "
            f"{', '.join(map(str, choices))}"
        )
