"""Results of a probe, one for each number of labels."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ProbeResult:
    """How well features did at one number of labels.

    Attributes:
        features: What the features are.
        num_features: How many; 0 where no linear machine was used.
        num_labels: Labels trained on.
        accuracy: Mean fraction of test images that got their class.
        std: Of the accuracies over draws: sample standard deviation times the
            protocol's factor; None for a single draw.
        num_draws: Draws tested.
        C: The chosen C; None where no linear machine was used.
        validation_accuracy: The mean that it was chosen by.
        num_validation: Labelled images that chose it.
        num_test: Test images.
    """

    features: str
    num_features: int
    num_labels: int
    accuracy: float
    std: float | None
    num_draws: int
    C: float | None
    validation_accuracy: float
    num_validation: int
    num_test: int
