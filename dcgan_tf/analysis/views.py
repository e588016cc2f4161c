"""The table of views: what is known of each without drawing it.

It imports no TensorFlow, so that `analyze` prints its help and refuses flags
at once. How a view is drawn is in `cli/views.py`.
"""

import dataclasses
from collections.abc import Mapping

from dcgan_tf.analysis import ANALYSIS_DIR


@dataclasses.dataclass(frozen=True)
class View:
    """A view into a trained run.

    Attributes:
        help: What it shows, in a line.
        pictures: The file of each picture it draws, and the heading in the
            report.
        flags: Of `analyze`, those that mean something to it.
        family: Whose networks alone it looks into; None for any family's.
        num_groups: Groups of exemplars that it takes.
        folder: Of its files, in the run's.
    """

    help: str
    pictures: Mapping[str, str]
    flags: tuple[str, ...]
    family: str | None = None
    num_groups: int = 0
    folder: str = ANALYSIS_DIR


_DRAWN = ("checkpoint", "seed")
_OF_LAYER = (*_DRAWN, "layer")
_OF_EXEMPLARS = (*_DRAWN, "pick", "concepts")
_NUMBERED = {"samples.png": "Numbered samples"}

# In the order of the help and of the report.
VIEWS: dict[str, View] = {
    "filters": View(
        "kernels as tiles; what deeper filters respond to",
        {"filters.png": "Filters"},
        _DRAWN,
        family="dcgan",
    ),
    "guided_backprop": View(
        "what excites D's features, trained and untrained",
        {"guided_backprop.png": "Guided backpropagation"},
        _OF_LAYER,
        family="dcgan",
    ),
    "maximal_activations": View(
        "the nine real patches that excite each filter most",
        {"maximal_activations.png": "Maximal activations"},
        _OF_LAYER,
        family="dcgan",
    ),
    "deconvnet": View(
        "those activations through the transposed network",
        {"deconvnet.png": "Deconvolutional network"},
        _OF_LAYER,
        family="dcgan",
    ),
    "generator_features": View(
        "what each feature map of G draws",
        {"generator_features.png": "What G's feature maps draw"},
        _OF_LAYER,
        family="dcgan",
    ),
    "pyramid": View(
        "a lapgan's samples level by level, and finished anew",
        {"pyramid.png": "Levels of the pyramid"},
        _DRAWN,
        family="lapgan",
    ),
    "walk": View(
        "series between nine random latents, and a GIF",
        {
            "walk.png": "Walks between latents",
            "walk.gif": "Nine walks at once",
        },
        (*_DRAWN, "great_circle"),
    ),
    "arithmetic": View(
        "A - B + C on latents",
        {"arithmetic.png": "Vector arithmetic", **_NUMBERED},
        _OF_EXEMPLARS,
        num_groups=3,
    ),
    "turn": View(
        "a direction between two groups, at nine strengths",
        {"turn.png": "A direction", **_NUMBERED},
        _OF_EXEMPLARS,
        num_groups=2,
    ),
    "forget": View(
        "G without the maps that draw an object",
        {"forget.png": "Forgetting"},
        (*_OF_LAYER, "boxes"),
        family="dcgan",
    ),
    "claims": View(
        "counts all this on toy_faces; a table and claims.json",
        {},
        _OF_LAYER,
        family="dcgan",
    ),
    # It shows views as they were drawn, whatever the flags.
    "report": View(
        "report.html: the run and every view made so far", {}, (), folder=""
    ),
}


def list_pictures() -> dict[str, str]:
    """Returns the heading of each picture, those of several views last."""
    found = [item for view in VIEWS.values() for item in view.pictures.items()]
    return dict(sorted(found, key=found.count))
