"""Looks inside a trained run: filters, walks, arithmetic, forgetting.

Writes VIEW's pictures to the run's analysis/ folder. VIEW is one of:
"""

import logging
import os
import sys
from collections.abc import Sequence

from absl import flags

from dcgan_tf import scratch
from dcgan_tf.analysis.views import VIEWS
from dcgan_tf.cli.command import (
    UsageError,
    import_tensorflow,
    run_command,
)
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.cli.model_flags import define_checkpoint
from dcgan_tf.cli.suggestions import suggest
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)


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
    # Not before: it imports TensorFlow.
    from dcgan_tf.cli.views import DRAW

    for path in DRAW[values.positional[0]](values):
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
    needed = VIEWS[view].num_groups
    if needed and values.concepts and len(values.concepts) != needed:
        raise UsageError(
            f"--concepts names {len(values.concepts)}; {view} takes {needed}"
        )


def _warn_of_unused_flags(values) -> None:
    """Says which flags VIEW has no use for.

    Version 0.1.0 passed them over, so that they aren't refused.
    """
    view = values.positional[0]
    drawn = [name for name, other in VIEWS.items() if other.flags]
    every_flag = (flag for other in VIEWS.values() for flag in other.flags)
    for flag in dict.fromkeys(every_flag):
        if values[flag].present and flag not in VIEWS[view].flags:
            users = [name for name in drawn if flag in VIEWS[name].flags]
            used = ", ".join(users)
            if users == drawn:
                used = "views as they are drawn"
            _log.warning("--%s is for %s: %s passes it over", flag, used, view)


def _check_family(values) -> None:
    """Refuses views of what a run's family of networks hasn't got."""
    from dcgan_tf.runs.folder import load_run_config

    view = values.positional[0]
    owner = VIEWS[view].family
    family = load_run_config(values.run_dir).model.family
    if owner not in (None, family):
        raise ValueError(
            f"{view} looks into the networks of a {owner}; run "
            f"{str(values.run_dir)!r} is a {family}"
        )


def _check_writable(values) -> None:
    """Refuses a run that no view can be written to, before any is drawn."""
    view = VIEWS[values.positional[0]]
    folder = os.path.join(values.run_dir, view.folder)
    try:
        scratch.check_folder_writable(folder)
    except OSError as error:
        raise OSError(
            f"run folder {values.run_dir!r} cannot be written "
            f"({error.strerror}), where views are kept; copy it, and name the "
            f"copy with {name_setting('run_dir')}"
        ) from error


def _list_views() -> str:
    width = max(map(len, VIEWS))
    return "\n".join(
        f"  {name:{width}}  {view.help}" for name, view in VIEWS.items()
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(
        "python -m dcgan_tf.cli.analyze",
        f"{__doc__}{_list_views()}",
        define_flags,
        run,
        argv,
        positional="VIEW",
    )


if __name__ == "__main__":
    sys.exit(main())
