"""Another run's networks as the start of a new one (`--init_from`)."""

import os
from pathlib import Path

from dcgan_tf.config import RunConfig
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.folder import CONFIG_FILE, load_run_config
from dcgan_tf.runs.setting_changes import find_differences
from dcgan_tf.training.state import TrainingState


def parse_init_from(init_from: str | os.PathLike) -> tuple[Path, str]:
    """Splits `RUN` or `RUN@STEP` into a run's folder and a checkpoint.

    A path may hold an `@` itself: what names a run as a whole is one, and
    only a number, `latest` or `best` behind the last `@` is a checkpoint.

    Returns:
        The absolute path and the checkpoint, `latest` where none is given.
    """
    init_from = os.fspath(init_from)
    run, at, checkpoint = init_from.rpartition("@")
    names_checkpoint = at and (
        checkpoint.isdigit() or checkpoint in ("", "latest", "best")
    )
    if _is_run(init_from) or not names_checkpoint:
        run, checkpoint = init_from, "latest"
    return _get_absolute(run), checkpoint or "latest"


def restore_networks(
    init_from: str | os.PathLike, config: RunConfig, state: TrainingState
) -> str:
    """Copies another run's networks into a run's state, not its optimizers.

    Args:
        init_from: `RUN` for its latest checkpoint, or `RUN@STEP`.
        config: The new run's settings.
        state: Changed in place.

    Returns:
        `RUN@STEP` with the absolute path and the step that was taken.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If its networks have another shape, or it has no such
            checkpoint.
    """
    run_dir, checkpoint = parse_init_from(init_from)
    old = load_run_config(run_dir)
    if old.model != config.model:
        raise ValueError(
            f"run {os.fspath(run_dir)!r} has other networks than this one: "
            f"{_list_differences(old, config)}; give the same to start from it"
        )
    names = ["generator", "discriminator"]
    if state.averages() and old.training.ema_decay:
        names += ["averaged_generator", "averaged_discriminator"]
    parts = {name: getattr(state, name) for name in names}
    step = checkpoints.restore(run_dir, parts, checkpoint, partial=True)
    if not old.training.ema_decay:
        for averaged, model in state.averages():
            averaged.set_weights(model.get_weights())
    return f"{os.fspath(run_dir)}@{step}"


def _list_differences(old: RunConfig, new: RunConfig) -> str:
    return ", ".join(
        f"{name.removeprefix('model.')} {was} (here {now})"
        for name, (was, now) in find_differences(old, new).items()
        if name.startswith("model.")
    )


def _is_run(path: str) -> bool:
    return (Path(os.path.expanduser(path)) / CONFIG_FILE).is_file()


def _get_absolute(path: str) -> Path:
    return Path(os.path.abspath(Path(os.path.expanduser(path))))
