"""Counts of things, as a sentence says them."""


def format_count(count: int, noun: str) -> str:
    """Says how many there are: `1 image`, `1,200 images`.

    Args:
        count: At least zero.
        noun: In the singular; its plural ends in s.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
