"""Writes the parts of an export: SavedModels, LiteRT files and the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan_tf.latents import sample_latents
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.serving import saved_model, versions, warmup
from dcgan_tf.serving.lite import checks, convert, descriptions, lite_files
from dcgan_tf.serving.versions import LITE, WEB
from dcgan_tf.serving.web import page


def choose_images(
    trained: TrainedModel,
    log: Callable[[str], None],
) -> np.ndarray:
    """Returns images such as D is to see.

    Args:
        trained: Of a run.
        log: Takes a line on D, and one where there is none to export.

    Returns:
        float32 `(count, height, width, channels)` in `[-1, 1]`: real and
        generated ones in turns, or all generated where real ones are not to
        be had.
    """
    generated = _generate_images(trained)
    if refusal := trained.config.model.features_refusal:
        log(f"only the generator is exported: {refusal}")
        return generated
    batches = trained.real_batches
    if not batches:
        return generated
    if trained.config.model.discriminator_batch_norm:
        log(
            "the discriminator's batch-norm statistics were measured on "
            f"{sum(map(len, batches)):,} real images"
        )
    real = np.resize(batches[0], generated.shape)
    return np.stack([real, generated], 1).reshape(-1, *real.shape[1:])


def _generate_images(trained: TrainedModel) -> np.ndarray:
    model = trained.config.model
    count = descriptions.NUM_EXAMPLES
    latents = sample_latents(count, model.latent_dim, (0, 0))
    if model.num_classes:
        labels = np.arange(count, dtype=np.int32) % model.num_classes
        return trained.generator([latents, tf.constant(labels)]).numpy()
    return trained.generator(latents).numpy()


def write_parts(
    trained: TrainedModel,
    images: np.ndarray | None,
    tmp_dirs: dict[str, Path],
    single_file: bool,
    log: Callable[[str], None],
) -> list[checks.LiteCheck]:
    """Writes each kind into its folder.

    Args:
        trained: Of a run.
        images: From `choose_images`; None will do for the page alone.
        tmp_dirs: An empty folder for each kind, by its name.
        single_file: Whether the page is also written as one file.
        log: Takes what the user should know, a line a call.

    Returns:
        LiteRT files' checks.
    """
    lite_checks = []
    if versions.GENERATOR in tmp_dirs:
        _save_models(trained, images, tmp_dirs, log)
    if LITE in tmp_dirs:
        lite_checks = lite_files.save_lite_files(
            tmp_dirs[LITE],
            _describe_networks(trained, images),
            trained.config.model,
        )
    if WEB in tmp_dirs:
        _save_page(trained, tmp_dirs[WEB], single_file)
    return lite_checks


def _save_models(
    trained: TrainedModel,
    images: np.ndarray,
    tmp_dirs: dict[str, Path],
    log: Callable[[str], None],
) -> None:
    config = trained.config
    saved_model.save_generator(
        trained.generator, config.model, tmp_dirs[versions.GENERATOR]
    )
    if versions.FEATURES in tmp_dirs:
        saved_model.save_feature_extractor(
            trained.discriminator,
            config.model,
            config.data,
            tmp_dirs[versions.FEATURES],
        )
    requests = warmup.make_inputs(config.model, images)
    try:
        for name in (versions.GENERATOR, versions.FEATURES):
            if name in tmp_dirs:
                warmup.save_requests(tmp_dirs[name], name, requests[name])
    except ImportError as error:
        log(f"no warm-up requests for the server were written: {error}")


def _describe_networks(
    trained: TrainedModel, images: np.ndarray
) -> list[convert.Network]:
    model, step = trained.config.model, trained.step
    described = [
        descriptions.describe_generator(
            trained.generator, model, step, trained.class_names
        )
    ]
    if not model.features_refusal:
        described.append(
            descriptions.describe_features(
                trained.discriminator, model, step, images
            )
        )
    return described


def _save_page(trained: TrainedModel, folder: Path, single_file: bool) -> None:
    generator, config = trained.generator, trained.config
    network = descriptions.describe_generator(
        generator, config.model, trained.step
    )
    page.save_page(
        folder,
        page.describe_model(
            generator, config, trained.step, trained.class_names
        ),
        # Half the bytes to fetch, for half a grey level at most.
        convert.convert(network, ["float16"], batch_size=1)["float16"],
        single_file,
    )
