"""The formats of an export.

Light to import, since the command refuses others before anything slow.
"""

from collections.abc import Collection, Sequence

from dcgan_tf.serving.versions import LITE, WEB
from dcgan_tf.setting_names import name_setting

FORMATS = ("saved_model", LITE, WEB)


def check_formats(formats: Sequence[str], single_file: bool) -> None:
    """Checks what an export is asked for.

    Args:
        formats: Of `FORMATS`, one or more.
        single_file: Whether the page is also written as one file.

    Raises:
        ValueError: If no format is given or an unknown one, or `single_file`
            is without `web`.
    """
    is_list = isinstance(formats, Collection) and not isinstance(formats, str)
    if not is_list or not formats or any(x not in FORMATS for x in formats):
        raise ValueError(
            f"{name_setting('formats')} are {formats!r}; give a list of any "
            f"of {', '.join(FORMATS)}"
        )
    if single_file and WEB not in formats:
        raise ValueError(
            f"{name_setting('single_file')} is for {WEB}, and "
            f"{name_setting('formats')} are {formats!r}"
        )
