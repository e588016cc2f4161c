"""The views of `analyze`: flags become values, and pictures files.

Each is a function of the flags that yields the paths of the files it wrote, a
file at a time: what fails later leaves the earlier ones behind. TensorFlow is
imported within them, so that flags are checked before.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from dcgan_tf import scratch
from dcgan_tf.analysis import ANALYSIS_DIR
from dcgan_tf.cli.command import UsageError

_NUM_REAL_IMAGES = 4_000


def _load(values):
    from dcgan_tf.analysis.samples import load_unconditional_model
    from dcgan_tf.runs.checkpoint_choice import describe_checkpoint

    model = load_unconditional_model(
        values.run_dir, values.checkpoint, values.seed
    )
    # The standard output has what the view gives: files' names, figures.
    used = describe_checkpoint(values.run_dir, model.step)
    print(f"{values.run_dir}, {used}", file=sys.stderr)
    return model


def _save(values, name: str, image) -> Path:
    from dcgan_tf.images import save_png

    path = Path(values.run_dir) / ANALYSIS_DIR / name
    save_png(path, image)
    return path


def _draw_filters(values):
    from dcgan_tf.analysis.filters import draw_filters

    yield _save(values, "filters.png", draw_filters(_load(values)))


def _load_with_images(values):
    """A model, real images, and the layer of D to look at."""
    from dcgan_tf.analysis.layers import find_last_convolution
    from dcgan_tf.analysis.samples import load_first_images

    model = _load(values)
    real_images, _, _ = load_first_images(model.config, _NUM_REAL_IMAGES)
    layer = values.layer or find_last_convolution(model.discriminator)
    return model, real_images, layer


def _draw_guided_backprop(values):
    from dcgan_tf.analysis.guided_backprop import draw_guided_backprop

    sheet = draw_guided_backprop(*_load_with_images(values))
    yield _save(values, "guided_backprop.png", sheet)


def _draw_maximal_activations(values):
    from dcgan_tf.analysis.maximal_activations import draw_maximal_activations

    sheet = draw_maximal_activations(*_load_with_images(values))
    yield _save(values, "maximal_activations.png", sheet)


def _draw_deconvnet(values):
    from dcgan_tf.analysis.deconvnet import draw_deconvnet

    sheet = draw_deconvnet(*_load_with_images(values))
    yield _save(values, "deconvnet.png", sheet)


def _choose_generator_layer(values, model) -> str:
    from dcgan_tf.analysis.layers import (
        find_second_highest_layer,
        list_layers_to,
    )

    layer = values.layer or find_second_highest_layer(model.generator)
    list_layers_to(model.generator, layer)  # Or refuse, before what is slow.
    return layer


def _draw_generator_features(values):
    from dcgan_tf.analysis.generator_features import draw_generator_features

    model = _load(values)
    layer = _choose_generator_layer(values, model)
    sheet = draw_generator_features(model, layer)
    yield _save(values, "generator_features.png", sheet)


def _draw_pyramid(values):
    from dcgan_tf.analysis.pyramid import draw_pyramid

    yield _save(values, "pyramid.png", draw_pyramid(_load(values)))


def _draw_walk(values):
    from dcgan_tf.analysis.walk import draw_walk
    from dcgan_tf.images import save_gif

    sheet, frames, smoothness = draw_walk(_load(values), values.great_circle)
    yield _save(values, "walk.png", sheet)
    path = Path(values.run_dir) / ANALYSIS_DIR / "walk.gif"
    save_gif(path, frames)
    yield path
    print(f"largest over median distance: {smoothness}")


def _choose_exemplars(values, model, num_groups: int, count: int):
    from dcgan_tf.analysis import exemplars

    if values.pick:
        return exemplars.choose_by_number(model, values.pick, num_groups)
    view = values.positional[0]
    return exemplars.choose_by_concept(model, view, values.concepts, count)


def _draw_numbered(values, model):
    """Drawn first, so that a failure to find exemplars leaves it behind."""
    from dcgan_tf.analysis.arithmetic import draw_numbered_samples

    return _save(values, "samples.png", draw_numbered_samples(model))


def _draw_arithmetic(values):
    from dcgan_tf.analysis.arithmetic import NUM_EXEMPLARS, draw_arithmetic

    model = _load(values)
    yield _draw_numbered(values, model)
    found = _choose_exemplars(values, model, 3, NUM_EXEMPLARS)
    yield _save(values, "arithmetic.png", draw_arithmetic(model, *found))


def _draw_turn(values):
    from dcgan_tf.analysis.latent_direction import (
        NUM_EXEMPLARS,
        draw_latent_direction,
    )

    model = _load(values)
    yield _draw_numbered(values, model)
    found = _choose_exemplars(values, model, 2, NUM_EXEMPLARS)
    yield _save(values, "turn.png", draw_latent_direction(model, *found))


def _draw_forget(values):
    from dcgan_tf.analysis import forget

    model = _load(values)
    layer = _choose_generator_layer(values, model)
    if values.boxes:
        labelled = forget.load_boxes(values.boxes)
    else:
        labelled = _find_boxes(model)
        path = Path(values.run_dir) / ANALYSIS_DIR / "window_boxes.json"
        with scratch.new_folder(path.parent):
            if kept := forget.save_found_boxes(path, labelled):
                print(f"{path.name} held other boxes: kept as {kept.name}")
        yield path
    weights = forget.learn_object(model, layer, labelled)
    sheet = forget.draw_forgetting(model, layer, weights, labelled.name)
    yield _save(values, "forget.png", sheet)


def _find_boxes(model):
    from dcgan_tf.analysis.attribute_classifier import find_window_boxes
    from dcgan_tf.analysis.claims_table import (
        find_refusal,
        train_run_classifier,
    )

    if refusal := find_refusal(model):
        raise UsageError(
            "forget needs --boxes=FILE, with boxes around the object on "
            f"samples, as windows are not found by themselves: {refusal}"
        )
    return find_window_boxes(model, train_run_classifier(model))


def _measure_claims(values):
    from dcgan_tf.analysis import claims_table

    model = _load(values)
    layer = _choose_generator_layer(values, model)
    results = claims_table.measure_claims(model, layer)
    path = Path(values.run_dir) / ANALYSIS_DIR / "claims.json"
    with scratch.new_folder(path.parent):
        scratch.save_text(path, json.dumps(results, indent=1) + "\n")
    print(f"{claims_table.describe_when(results)}:\n")
    print(claims_table.format_table(results))
    yield path


def _write_report(values):
    from dcgan_tf.run_report.report import write_report

    yield write_report(values.run_dir)


VIEWS: dict[str, Callable[..., Iterator[Path]]] = {
    "filters": _draw_filters,
    "guided_backprop": _draw_guided_backprop,
    "maximal_activations": _draw_maximal_activations,
    "deconvnet": _draw_deconvnet,
    "generator_features": _draw_generator_features,
    "pyramid": _draw_pyramid,
    "walk": _draw_walk,
    "arithmetic": _draw_arithmetic,
    "turn": _draw_turn,
    "forget": _draw_forget,
    "claims": _measure_claims,
    "report": _write_report,
}
