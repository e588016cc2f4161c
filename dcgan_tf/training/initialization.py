"""Another run's networks as the start of a new one (`--init_from`)."""

from dcgan_tf.config import RunConfig
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.training.state import TrainingState


def restore_networks(
    init_from: str, config: RunConfig, state: TrainingState
) -> None:
    """Copies another run's networks into a run's state, not its optimizers.

    Args:
        init_from: `RUN` for its latest checkpoint, or `RUN@STEP`.
        config: The new run's settings.
        state: Changed in place.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If its networks have another shape, or it has no such
            checkpoint.
    """
    run_dir, _, step = init_from.partition("@")
    old = load_run_config(run_dir)
    if old.model != config.model:
        raise ValueError(
            f"run {run_dir!r} has other networks ({old.model}) than this one "
            f"({config.model}); give the same sizes to start from it"
        )
    names = ["generator", "discriminator"]
    if state.averages() and old.training.ema_decay:
        names += ["averaged_generator", "averaged_discriminator"]
    parts = {name: getattr(state, name) for name in names}
    checkpoints.restore(run_dir, parts, step or "latest", partial=True)
    if not old.training.ema_decay:
        for averaged, model in state.averages():
            averaged.set_weights(model.get_weights())
