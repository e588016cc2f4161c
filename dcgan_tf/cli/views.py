"""How `analyze` draws each view: flags become values, and pictures files.

Each is a function of the flags that yields the paths of the files it wrote, a
file at a time: what fails later leaves the earlier ones behind. This imports
TensorFlow; what is known of views without it is in `analysis.views`.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from dcgan_tf import scratch
from dcgan_tf.analysis import (
    ANALYSIS_DIR,
    arithmetic,
    claims_table,
    exemplars,
    forget,
    latent_direction,
)
from dcgan_tf.analysis.attribute_classifier import find_window_boxes
from dcgan_tf.analysis.deconvnet import draw_deconvnet
from dcgan_tf.analysis.filters import draw_filters
from dcgan_tf.analysis.generator_features import draw_generator_features
from dcgan_tf.analysis.guided_backprop import draw_guided_backprop
from dcgan_tf.analysis.layers import (
    find_last_convolution,
    find_second_highest_layer,
    list_layers_to,
)
from dcgan_tf.analysis.maximal_activations import draw_maximal_activations
from dcgan_tf.analysis.pyramid import draw_pyramid
from dcgan_tf.analysis.samples import (
    load_first_images,
    load_unconditional_model,
)
from dcgan_tf.analysis.views import VIEWS
from dcgan_tf.analysis.walk import draw_walk
from dcgan_tf.cli.command import UsageError
from dcgan_tf.images import save_gif, save_png
from dcgan_tf.run_report.report import write_report
from dcgan_tf.runs.checkpoint_choice import describe_checkpoint

_NUM_REAL_IMAGES = 4_000


def _load(values):
    model = load_unconditional_model(
        values.run_dir, values.checkpoint, values.seed
    )
    # The standard output has what the view gives: files' names, figures.
    used = describe_checkpoint(values.run_dir, model.step)
    print(f"{values.run_dir}, {used}", file=sys.stderr)
    return model


def _make_path(values, name: str) -> Path:
    return Path(values.run_dir) / ANALYSIS_DIR / name


def _save(values, image, name: str | None = None) -> Path:
    """Saves a picture, by the view's name unless it has another."""
    path = _make_path(values, name or f"{values.positional[0]}.png")
    save_png(path, image)
    return path


def _draw_networks(draw, values):
    yield _save(values, draw(_load(values)))


def _draw_with_images(draw, values):
    """Draws a layer of D by real images."""
    model = _load(values)
    real_images, _, _ = load_first_images(model.config, _NUM_REAL_IMAGES)
    layer = values.layer or find_last_convolution(model.discriminator)
    yield _save(values, draw(model, real_images, layer))


def _choose_generator_layer(values, model) -> str:
    layer = values.layer or find_second_highest_layer(model.generator)
    list_layers_to(model.generator, layer)  # Or refuse, before what is slow.
    return layer


def _draw_generator_features(values):
    model = _load(values)
    layer = _choose_generator_layer(values, model)
    yield _save(values, draw_generator_features(model, layer))


def _draw_walk(values):
    sheet, frames, smoothness = draw_walk(_load(values), values.great_circle)
    yield _save(values, sheet)
    path = _make_path(values, "walk.gif")
    save_gif(path, frames)
    yield path
    print(f"largest over median distance: {smoothness}")


def _draw_exemplars(draw, num_exemplars: int, values):
    model = _load(values)
    # First, so that a failure to find exemplars leaves it behind.
    numbered = arithmetic.draw_numbered_samples(model)
    yield _save(values, numbered, "samples.png")
    view = values.positional[0]
    if values.pick:
        found = exemplars.choose_by_number(
            model, values.pick, VIEWS[view].num_groups
        )
    else:
        found = exemplars.choose_by_concept(
            model, view, values.concepts, num_exemplars
        )
    yield _save(values, draw(model, *found))


def _draw_forget(values):
    model = _load(values)
    layer = _choose_generator_layer(values, model)
    if values.boxes:
        labelled = forget.load_boxes(values.boxes)
    else:
        labelled = _find_boxes(model)
        path = _make_path(values, "window_boxes.json")
        with scratch.new_folder(path.parent):
            if kept := forget.save_found_boxes(path, labelled):
                print(f"{path.name} held other boxes: kept as {kept.name}")
        yield path
    weights = forget.learn_object(model, layer, labelled)
    sheet = forget.draw_forgetting(model, layer, weights, labelled.name)
    yield _save(values, sheet)


def _find_boxes(model):
    if refusal := claims_table.find_refusal(model):
        raise UsageError(
            "forget needs --boxes=FILE, with boxes around the object on "
            f"samples, as windows are not found by themselves: {refusal}"
        )
    return find_window_boxes(model, claims_table.train_run_classifier(model))


def _measure_claims(values):
    model = _load(values)
    layer = _choose_generator_layer(values, model)
    results = claims_table.measure_claims(model, layer)
    path = _make_path(values, "claims.json")
    with scratch.new_folder(path.parent):
        scratch.save_text(path, json.dumps(results, indent=1) + "\n")
    print(f"{claims_table.describe_when(results)}:\n")
    print(claims_table.format_table(results))
    yield path


def _write_report(values):
    yield write_report(values.run_dir)


DRAW: dict[str, Callable[..., Iterator[Path]]] = {
    "filters": partial(_draw_networks, draw_filters),
    "guided_backprop": partial(_draw_with_images, draw_guided_backprop),
    "maximal_activations": partial(_draw_with_images, draw_maximal_activations),
    "deconvnet": partial(_draw_with_images, draw_deconvnet),
    "generator_features": _draw_generator_features,
    "pyramid": partial(_draw_networks, draw_pyramid),
    "walk": _draw_walk,
    "arithmetic": partial(
        _draw_exemplars, arithmetic.draw_arithmetic, arithmetic.NUM_EXEMPLARS
    ),
    "turn": partial(
        _draw_exemplars,
        latent_direction.draw_latent_direction,
        latent_direction.NUM_EXEMPLARS,
    ),
    "forget": _draw_forget,
    "claims": _measure_claims,
    "report": _write_report,
}
