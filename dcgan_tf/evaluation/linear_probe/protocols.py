"""How labels are spent in a linear probe: splits, draws, values of C."""

import dataclasses

import numpy as np

# The authors' grid (Newmu/dcgan_code, svhn/svhn_semisup_analysis.py).
AUTHORS_C_VALUES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A way to probe features.

    Attributes:
        name: As given to `--probe`.
        dataset: TFDS name of the only dataset it is for; None for any.
        label_counts: Labels trained on; None for all there are.
        num_validation: Training images held out to choose C on; None for a
            quarter of them, at most 10,000.
        num_validation_draws: Draws of labels that each C is validated on.
        num_test_draws: Draws whose test accuracies are averaged.
        std_factor: Standard deviations in the std that is given.
        C_values: Values of C, ascending.
    """

    name: str
    dataset: str | None
    label_counts: tuple[int | None, ...]
    num_validation: int | None
    num_validation_draws: int
    num_test_draws: int
    std_factor: float = 1.0
    C_values: tuple[float, ...] = AUTHORS_C_VALUES


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("few_labels", None, (10, 100, 1_000, None), None, 5, 10),
        # Section 5.2 and the authors' script: 10,000 images of the training
        # set choose C over 10 draws; 100 draws are tested; the std is
        # 1.96 standard deviations.
        Protocol("svhn_1000", "svhn_cropped", (1_000,), 10_000, 10, 100, 1.96),
        # Section 5.1: 400 labels a class, and all 50,000.
        Protocol("cifar10", "cifar10", (4_000, None), 10_000, 5, 5),
    )
}


@dataclasses.dataclass(frozen=True)
class ProbeData:
    """Labelled images, arranged for a protocol.

    Attributes:
        images: uint8 `(count, height, width, channels)`: the pool that
            labels are drawn from, then the validation images.
        labels: int `(count,)`.
        num_pool: Length of the pool.
        test_images: As images; nothing is chosen on them.
        test_labels: int `(num_test,)`.
    """

    images: np.ndarray
    labels: np.ndarray
    num_pool: int
    test_images: np.ndarray
    test_labels: np.ndarray

    @property
    def num_classes(self) -> int:
        """Classes among the training labels."""
        return int(self.labels.max()) + 1


def arrange(
    protocol: Protocol,
    images: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    seed: int,
) -> ProbeData:
    """Holds validation images out of the training images.

    Args:
        protocol: Says how many.
        images: Training images, uint8 `(count, height, width, channels)`.
        labels: int `(count,)`.
        test_images: As images.
        test_labels: int `(num_test,)`.
        seed: Decides which; the same for all rows of a table.

    Raises:
        ValueError: If labels are no classes, or too few images would stay.
    """
    if labels is None or np.ndim(labels) != 1:
        raise ValueError(
            "a probe needs images with one class each; this dataset has "
            + ("none" if labels is None else "attributes instead")
        )
    num_validation = protocol.num_validation
    if num_validation is None:
        num_validation = min(len(images) // 4, 10_000)
    least = min(count or 1 for count in protocol.label_counts)
    num_pool = len(images) - num_validation
    if num_pool < least:
        raise ValueError(
            f"{len(images)} training images; {protocol.name} holds out "
            f"{num_validation} of them and draws {least} labels"
        )
    order = np.random.default_rng((seed, 0)).permutation(len(images))
    return ProbeData(
        images[order], labels[order], num_pool, test_images, test_labels
    )


def get_label_counts(
    protocol: Protocol, data: ProbeData
) -> tuple[int | None, ...]:
    """Returns the protocol's counts that these classes and images allow."""
    return tuple(
        count
        for count in protocol.label_counts
        if count is None or data.num_classes <= count <= data.num_pool
    )


def draw_labelled(data: ProbeData, count: int, seed: tuple) -> np.ndarray:
    """Draws images to label, equally many of each class.

    Where the count is no multiple of the classes, some have one more.

    Args:
        data: Its pool is drawn from.
        count: How many, at least one a class.
        seed: Integers that make the draw.

    Returns:
        int64 `(count,)` positions, without repetition.

    Raises:
        ValueError: If a class has too few images.
    """
    rng = np.random.default_rng(seed)
    pool = data.labels[: data.num_pool]
    num_per_class = np.full(data.num_classes, count // data.num_classes)
    num_per_class[
        rng.permutation(data.num_classes)[: count % data.num_classes]
    ] += 1
    chosen = []
    for label, num_taken in enumerate(num_per_class):
        positions = np.flatnonzero(pool == label)
        if len(positions) < num_taken:
            raise ValueError(
                f"class {label} has {len(positions)} images to draw from, "
                f"and {count} labels take {num_taken} of it"
            )
        chosen.append(rng.choice(positions, num_taken, replace=False))
    return np.concatenate(chosen)
