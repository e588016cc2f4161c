"""What training on a collection would suffer from, by its statistics."""

import numpy as np

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.source import Source
from dcgan_tf.data.survey import Survey
from dcgan_tf.image_sizes import format_image_size
from dcgan_tf.setting_names import name_setting

_FEW = 1_000
# Augmentation kept samples of 100 faces from being copies and brought them
# nearer; with 500 it did them no good (docs/your-pictures.md).
_VERY_FEW = 250
_MANY_NEAR = 0.05
_CUT_BADLY = 1 / 3
_MANY_CUT = 0.1
_MANY_ENLARGED = 0.1
# A lamp or a white wall is in any few photographs, however dark.
_LEAST_BRIGHTEST = 64


def find_warnings(
    source: Source,
    survey: Survey,
    model: ModelConfig,
    data: DataConfig,
    is_augmented: bool = False,
) -> list[str]:
    """Lists what training on these images would suffer from.

    Args:
        source: The images' source.
        survey: From `examine`.
        model: The target's size.
        data: An explicit crop is taken as meant.
        is_augmented: Whether training already has what is for few images.

    Returns:
        A sentence for each, worst first.
    """
    count = survey.num_examined
    target = format_image_size(model.image_size)
    warnings = []
    brightest = int(survey.brightest.max())
    highest_label = int(survey.brightest_below_255.max())
    if brightest < _LEAST_BRIGHTEST:
        warnings.append(_describe_darkness(source, brightest))
    elif survey.is_grey.all() and 0 < highest_label < _LEAST_BRIGHTEST:
        warnings.append(
            f"no level is above {highest_label} but 255 itself, as in label "
            "maps whose 255 is void: the networks see the labels as all but "
            f"black; multiply those below 255 by {254 // highest_label} first"
        )
    if source.num_examples < _FEW and not is_augmented:
        warnings.append(_advise_on_few(source.num_examples))
    if survey.num_near > _MANY_NEAR * count:
        warnings.append(
            f"{survey.num_near} of {count} images are nearly identical to "
            "another: see dcgan dedup"
        )
    num_cut = int((survey.kept < 1 - _CUT_BADLY).sum())
    if num_cut > _MANY_CUT * count and not data.crop:
        aspects = survey.sizes[:, 1] / survey.sizes[:, 0]
        height, width = survey.sizes[np.argsort(aspects)[count // 2]]
        warnings.append(
            f"{num_cut} of {count} images lose over a third of their area "
            f"to the crop (the middle one is {width} wide and "
            f"{height} high): an {name_setting('image_size')} of their shape "
            f"would not, nor would {name_setting('fit', 'pad')}"
        )
    num_enlarged = int(survey.is_enlarged.sum())
    if num_enlarged > _MANY_ENLARGED * count:
        warnings.append(
            f"{num_enlarged} of {count} images are smaller than {target} "
            "after the crop and get blurred by enlarging"
        )
    num_grey = int(survey.is_grey.sum())
    if model.channels == 3 and num_grey == count:
        grey = name_setting("channels", 1)
        warnings.append(f"every image is grey: {grey} learns faster")
    return warnings


def _advise_on_few(num_images: int) -> str:
    augment, flip = name_setting("diff_augment"), name_setting("flip")
    if num_images < _VERY_FEW:
        return (
            f"fewer than {_VERY_FEW} images: D learns them by heart, and "
            f"samples come out as copies; give {augment}, and {flip} where "
            "images may be mirrored"
        )
    return (
        f"fewer than {_FEW:,} images: D may learn them by heart; {flip} may "
        f"help and, where samples are copies, {augment}"
    )


def _describe_darkness(source: Source, brightest: int) -> str:
    """Says what to do with images whose levels end far below 255."""
    if source.skipped.describe_cut():
        advice = "save them as PNG files, of which all 16 bits are read"
    elif brightest:
        advice = (
            f"multiply the levels of masks or label maps by {255 // brightest} "
            "first"
        )
    else:
        advice = "are these the images that you mean?"
    return (
        f"no level is above {brightest} of 255, so that the networks see all "
        f"but black: {advice}"
    )
