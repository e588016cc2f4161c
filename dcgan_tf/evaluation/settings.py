"""The settings of an evaluation: all that its figures depend on.

Light to import, since the command's help names what there is.
"""

import dataclasses
from collections.abc import Callable

from dcgan_tf.config import DataConfig
from dcgan_tf.config.ranges import normalize_settings

# Measures of a set of images beside real ones; each may give several figures.
SET_MEASURES = (
    "frechet",
    "kernel",
    "precision_recall",
    "c2st",
    "sliced_wasserstein",
    "inception_style_score",
    "coverage",
)
MEASURES = (*SET_MEASURES, "copying", "one_nn", "segmentation")
# Names of 0.1.0.
OLD_MEASURES = {"two_sample": "c2st", "class_score": "inception_style_score"}
FEATURE_EXTRACTORS = ("auto", "classifier", "random", "inception")
# What a probe is tested on: the test set, or training images held out.
PROBE_SPLITS = ("test", "validation")
# Rows of a probe's table, by short names.
PROBE_ROWS = ("D", "pixels", "start", "untrained", "G", "supervised")
# Takes a line on what is being done.
Log = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of one evaluation.

    Attributes:
        measures: Of `MEASURES`; those that don't apply are left out.
        feature_extractor: Of `FEATURE_EXTRACTORS`.
        inception_path: For the `inception` extractor.
        probe: Of `protocols.PROTOCOLS`, or None.
        probe_data: Labelled images to probe on; None for the run's own.
        probe_split: Of `PROBE_SPLITS`.
        probe_rows: Of `PROBE_ROWS`; None for all that there are.
        probe_labels: Some of the protocol's label counts, where None is all
            labels; None instead of these for every count.
        num_samples: Generated images, and at most as many real ones.
        seed: Of samples, extractors, subsets and draws.
        cache_dir: Where classifiers are kept; None for the default.
    """

    measures: tuple[str, ...] = MEASURES
    feature_extractor: str = "auto"
    inception_path: str | None = None
    probe: str | None = None
    probe_data: DataConfig | None = None
    probe_split: str = "test"
    probe_rows: tuple[str, ...] | None = None
    probe_labels: tuple[int | None, ...] | None = None
    num_samples: int = 2_000
    seed: int = 0
    cache_dir: str | None = None

    def __post_init__(self):
        normalize_settings(self)
        # Frozen: the one way to replace what was given.
        object.__setattr__(self, "measures", rename_measures(self.measures))
        unknown = set(self.probe_rows or ()) - {*PROBE_ROWS}
        if self.probe_split not in PROBE_SPLITS or unknown:
            raise ValueError(
                f"probe_split {self.probe_split!r}, probe_rows "
                f"{self.probe_rows}: use one of {', '.join(PROBE_SPLITS)}, and "
                f"some of {', '.join(PROBE_ROWS)}"
            )
        unknown = sorted(set(self.measures) - set(MEASURES))
        if unknown:
            raise ValueError(
                f"measure {unknown[0]!r} is not one of {', '.join(MEASURES)}"
            )
        if self.feature_extractor not in FEATURE_EXTRACTORS:
            raise ValueError(
                f"feature_extractor is {self.feature_extractor!r}; use one of "
                f"{', '.join(FEATURE_EXTRACTORS)}"
            )


def rename_measures(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns measures by today's names, those of 0.1.0 replaced."""
    return tuple(OLD_MEASURES.get(name, name) for name in names)
