"""The folder that a run goes to where none is named."""

import hashlib
import os
import re
from pathlib import Path

from dcgan_tf.config import DataConfig
from dcgan_tf.presets import resolve_dataset_name
from dcgan_tf.runs.folder import CONFIG_FILE, load_run_config
from dcgan_tf.setting_names import name_setting

_ROOT = Path("runs")
_NUM_DIGITS = 8
# Of an archive or a file of arrays.
_FILE_SUFFIX = re.compile(r"\.(tgz|tar(\.\w+)?|zip|npz|npy)$", re.IGNORECASE)


def choose_run_dir(data: DataConfig) -> tuple[Path, str | None]:
    """Chooses the default folder of a run: no two sources share one.

    `runs/<dataset>` or `runs/<image folder>`; where that holds a run of
    another source, such as of another folder of the same name, a few digits
    that stand for this one are added.

    Returns:
        The folder, and what to tell the user where digits were added.
    """
    source = data.dataset
    name = source.replace("/", "_").replace(":", "_")
    if data.image_dir:
        source = os.path.realpath(data.image_dir)
        name = Path(source).name or "root"  # Of `/`, which has none.
        if os.path.isfile(source):
            name = _FILE_SUFFIX.sub("", name) or name
    plain = _ROOT / name
    other = _find_other_source(plain, data, source)
    if other is None:
        return plain, None
    digest = hashlib.sha256(os.fsencode(source)).hexdigest()[:_NUM_DIGITS]
    chosen = _ROOT / f"{name}-{digest}"
    return chosen, (
        f"{plain} is a run of {other}; this one of {source} is in {chosen} "
        f"({name_setting('run_dir', str(plain))} resumes that one, if the "
        "images are the same)"
    )


def _find_other_source(
    run_dir: Path, data: DataConfig, source: str
) -> str | None:
    """Names what a run in this folder is of, if that isn't `source`."""
    if not (run_dir / CONFIG_FILE).is_file():
        return None
    try:
        old = load_run_config(run_dir).data
    except ValueError:  # Damaged: said by who opens it.
        return None
    if old.image_dir is None:
        known = resolve_dataset_name(old.dataset)
        is_same = data.image_dir is None and known == source
        return None if is_same else known
    # A run of version 0.1.0 holds the path as it was typed.
    known = os.path.realpath(os.path.expanduser(old.image_dir))
    return None if data.image_dir and known == source else known
