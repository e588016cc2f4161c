"""Looks inside a trained run: filters, walks, arithmetic, forgetting.

Writes VIEW's pictures to the run's analysis/ folder. VIEW is one of:
  filters              kernels as tiles; what deeper filters respond to
  guided_backprop      what excites D's features, trained and untrained
  maximal_activations  the nine real patches that excite each filter most
  deconvnet            those activations through the transposed network
  generator_features   what each feature map of G draws
  pyramid              a lapgan's samples level by level, and finished anew
  walk                 series between nine random latents, and a GIF
  arithmetic           A - B + C on latents
  turn                 a direction between two groups, at nine strengths
  forget               G without the maps that draw an object
  claims               counts all this on toy_faces; a table and claims.json
  report               report.html: the run and every view made so far
"""

import logging
import os
import sys
from collections.abc import Sequence

from absl import flags

from dcgan_tf import scratch
from dcgan_tf.analysis import ANALYSIS_DIR
from dcgan_tf.cli.command import (
    UsageError,
    import_tensorflow,
    run_command,
)
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.cli.model_flags import define_checkpoint
from dcgan_tf.cli.suggestions import suggest
from dcgan_tf.cli.views import VIEWS
from dcgan_tf.families import FAMILIES
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)

_LAYER_VIEWS = (
    "guided_backprop", "maximal_activations", "deconvnet",
    "generator_features", "forget", "claims",
)  # fmt: skip
_EXEMPLAR_VIEWS = ("arithmetic", "turn")
# `report` shows views as they were drawn.
_DRAWN_VIEWS = tuple(view for view in VIEWS if view != "report")
_VIEWS_BY_FLAG = {
    "checkpoint": _DRAWN_VIEWS,
    "seed": _DRAWN_VIEWS,
    "layer": _LAYER_VIEWS,
    "great_circle": ("walk",),
    "pick": _EXEMPLAR_VIEWS,
    "concepts": _EXEMPLAR_VIEWS,
    "boxes": ("forget",),
}


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    options = {"flag_values": values}
    define_path("run_dir", None, "A trained run; always needed.", values)
    define_checkpoint(values)
    define_seed(0, "Of latents and random choices.", values)
    flags.DEFINE_string(
        "layer",
        None,
        "Layer of D or G to look at. Default: D's last convolution or G's "
        "second-highest, whichever VIEW looks into.",
        **options,
    )
    flags.DEFINE_boolean(
        "great_circle",
        False,
        "walk: on great circles, not straight lines.",
        **options,
    )
    flags.DEFINE_string(
        "pick",
        None,
        "arithmetic, turn: exemplars by their numbers on samples.png, groups "
        "divided by /, such as 3,17,40/5,9,2/1,8,30. Default: --concepts.",
        **options,
    )
    flags.DEFINE_list(
        "concepts",
        None,
        "arithmetic, turn: concepts to find exemplars of, three or two, each "
        "names of labels with + and -, such as "
        "smiling+glasses,glasses-smiling,-glasses-smiling. Default: chosen "
        "ones on toy_faces and celeb_a, else the first classes or attributes.",
        **options,
    )
    define_path(
        "boxes", None, "forget: a JSON file of a name, a seed and, by sample, "
        "boxes of rows and columns (top, left, bottom, right): "
        '{"name": "window", "seed": 0, "boxes": {"17": [[2, 20, 14, 30]]}}. '
        "Default: found, on toy_faces.",
        values,
    )  # fmt: skip


def run(values: flags.FlagValues) -> None:
    """Draws one view."""
    if len(values.positional) != 1 or values.positional[0] not in VIEWS:
        raise UsageError(_describe_mistake(values.positional, tuple(VIEWS)))
    if values.run_dir is None:
        raise UsageError("give a run with --run_dir")
    _check_exemplar_flags(values)
    _warn_of_unused_flags(values)
    import_tensorflow()
    _check_family(values)
    _check_writable(values)
    for path in VIEWS[values.positional[0]](values):
        print(path)


def _describe_mistake(given: Sequence[str], views: Sequence[str]) -> str:
    listed = ", ".join(views)
    if not given:
        return f"give a VIEW, one of {listed}"
    if len(given) > 1:
        return f"give one VIEW, not {' '.join(given)!r}; one of {listed}"
    return f"no VIEW is called {given[0]!r}; {suggest(given[0], views)}"


def _check_exemplar_flags(values) -> None:
    view = values.positional[0]
    if values.pick and values.concepts:
        raise UsageError("give one of --pick and --concepts")
    needed = {"arithmetic": 3, "turn": 2}.get(view)
    if needed and values.concepts and len(values.concepts) != needed:
        raise UsageError(
            f"--concepts names {len(values.concepts)}; {view} takes {needed}"
        )


def _warn_of_unused_flags(values) -> None:
    """Says which flags VIEW has no use for.

    Version 0.1.0 passed them over, so that they aren't refused.
    """
    view = values.positional[0]
    for name, views in _VIEWS_BY_FLAG.items():
        if values[name].present and view not in views:
            used = ", ".join(views)
            if views == _DRAWN_VIEWS:
                used = "views as they are drawn"
            _log.warning("--%s is for %s: %s passes it over", name, used, view)


def _check_family(values) -> None:
    """Refuses views of what a run's family of networks hasn't got."""
    from dcgan_tf.runs.folder import load_run_config

    view = values.positional[0]
    owners = [name for name, x in FAMILIES.items() if view in x.views]
    family = load_run_config(values.run_dir).model.family
    if owners and family not in owners:
        raise ValueError(
            f"{view} looks into the networks of a {' or '.join(owners)}; run "
            f"{str(values.run_dir)!r} is a {family}"
        )


def _check_writable(values) -> None:
    """Refuses a run that no view can be written to, before any is drawn."""
    is_report = values.positional[0] == "report"
    folder = os.path.join(values.run_dir, "" if is_report else ANALYSIS_DIR)
    try:
        scratch.check_folder_writable(folder)
    except OSError as error:
        raise OSError(
            f"run folder {values.run_dir!r} cannot be written "
            f"({error.strerror}), where views are kept; copy it, and name the "
            f"copy with {name_setting('run_dir')}"
        ) from error


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(
        "python -m dcgan_tf.cli.analyze",
        __doc__,
        define_flags,
        run,
        argv,
        positional="VIEW",
    )


if __name__ == "__main__":
    sys.exit(main())
