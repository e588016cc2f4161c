"""What an evaluation computes, and all that its figures depend on."""

import dataclasses
from collections.abc import Callable

from dcgan_tf.evaluation.metrics.compute import MEASURES

ALL_MEASURES = (*MEASURES, "copying", "one_nn", "segmentation")
# Takes a line on what is being done.
Report = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of one evaluation.

    Attributes:
        measures: Of `ALL_MEASURES`; those that don't apply are left out.
        network: Of `networks.NETWORKS`.
        inception_path: For the `inception` network.
        probe: Of `protocols.PROTOCOLS`, or None.
        num_samples: Generated images, and at most as many real ones.
        seed: Of samples, networks, subsets and draws.
        cache_dir: Where classifiers are kept; None for the default.
    """

    measures: tuple[str, ...] = ALL_MEASURES
    network: str = "auto"
    inception_path: str | None = None
    probe: str | None = None
    num_samples: int = 2_000
    seed: int = 0
    cache_dir: str | None = None
