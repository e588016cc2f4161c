"""The settings of an evaluation: all that its figures depend on.

Light to import, since the command's help names what there is.
"""

import dataclasses
from collections.abc import Callable, Iterable

from dcgan_tf.config import DataConfig
from dcgan_tf.config.ranges import (
    check_one_of,
    check_whole_number,
    normalize_settings,
)
from dcgan_tf.evaluation.linear_probe.protocols import (
    PROTOCOLS,
    choose_label_counts,
)
from dcgan_tf.seeds import LARGEST_SEED, SEEDS_PER_SEED
from dcgan_tf.setting_names import name_setting


@dataclasses.dataclass(frozen=True)
class SetMeasure:
    """What is known of a measure before it is computed.

    Attributes:
        figures: What its figures' names begin with; none for its own name.
        fewest: Samples, and held-out images, that it is defined for.
        of_classes: Whether it is of the classes that features tell.
        of_equal_sets: Whether it takes as many samples as held-out images.
        is_biased: Whether it is a distance that few images make too large.
    """

    figures: tuple[str, ...] = ()
    fewest: int = 1
    of_classes: bool = False
    of_equal_sets: bool = False
    is_biased: bool = False


# Of a set of images beside real ones. Variances take two, and three neighbours
# a fourth.
SET_MEASURES = {
    "frechet": SetMeasure(fewest=2, is_biased=True),
    "kernel": SetMeasure(fewest=2),
    "precision_recall": SetMeasure(
        ("precision", "recall"), fewest=4, of_equal_sets=True
    ),
    "c2st": SetMeasure(fewest=2, of_equal_sets=True),
    "sliced_wasserstein": SetMeasure(of_equal_sets=True, is_biased=True),
    "inception_style_score": SetMeasure(of_classes=True),
    "coverage": SetMeasure(("confident_fraction",), of_classes=True),
}
MEASURES = (*SET_MEASURES, "copying", "one_nn", "segmentation")
# Names of 0.1.0.
OLD_MEASURES = {"two_sample": "c2st", "class_score": "inception_style_score"}
FEATURE_EXTRACTORS = ("auto", "classifier", "random", "inception")
# What a probe is tested on: the test set, or training images held out.
PROBE_SPLITS = ("test", "validation")
# Rows of a probe's table, by short names.
PROBE_ROWS = ("D", "pixels", "start", "untrained", "G", "supervised")
# A distance is of more than a few images, and a seed has so many.
LEAST_SAMPLES, MOST_SAMPLES = 10, SEEDS_PER_SEED
# Takes a line on what is being done.
Log = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of one evaluation.

    Of what takes several values a single one will do, and any list.

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
        check_whole_number("seed", self.seed, 0, LARGEST_SEED)
        check_whole_number(
            "num_samples", self.num_samples, LEAST_SAMPLES, MOST_SAMPLES
        )
        # Frozen: the one way to replace what was given.
        object.__setattr__(self, "measures", _rename_measures(self.measures))
        unknown = [name for name in self.measures if name not in MEASURES]
        if unknown:
            raise ValueError(
                f"measure {unknown[0]!r} is not one of {', '.join(MEASURES)}"
            )
        check_one_of(
            name_setting("features"), self.feature_extractor, FEATURE_EXTRACTORS
        )
        has_path = self.inception_path is not None
        if (self.feature_extractor == "inception") != has_path:
            raise ValueError(
                f"{name_setting('features')} {self.feature_extractor!r} with "
                f"{name_setting('inception_path')} {self.inception_path!r}: "
                f"{name_setting('features', 'inception')} and the path of its "
                "graph go together"
            )
        self._check_probe()

    @property
    def are_named(self) -> bool:
        """Whether measures are some chosen ones, not all that apply."""
        return set(self.measures) != set(MEASURES)

    def _check_probe(self) -> None:
        if self.probe is not None:
            check_one_of("probe", self.probe, tuple(PROTOCOLS))
            choose_label_counts(PROTOCOLS[self.probe], self.probe_labels)
        check_one_of("probe_split", self.probe_split, PROBE_SPLITS)
        for name in self.probe_rows or ():
            row = f"a row of {name_setting('probe_rows')}"
            check_one_of(row, name, PROBE_ROWS)
        if self.probe is not None:
            return
        if not self.measures:
            raise ValueError(
                "no measures and no probe leave nothing to do; give "
                f"{name_setting('measures')} or {name_setting('probe')}"
            )
        for field in dataclasses.fields(self):
            is_of_probe = field.name.startswith("probe_")
            if is_of_probe and getattr(self, field.name) != field.default:
                raise ValueError(
                    f"{name_setting(field.name)} is given without "
                    f"{name_setting('probe')}, which says how to probe: one of "
                    f"{', '.join(PROTOCOLS)}"
                )


def _rename_measures(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns measures by today's names, those of 0.1.0 replaced."""
    return tuple(
        OLD_MEASURES.get(name, name) if isinstance(name, str) else name
        for name in names
    )


def find_figures(measure: str, found: Iterable[str]) -> list[str]:
    """Names a set measure's figures that are among those found."""
    names = SET_MEASURES[measure].figures or (measure,)
    return [n for n in names if any(figure.startswith(n) for figure in found)]
