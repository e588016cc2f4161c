"""Protocols of a linear probe: splits, draws of labels, values of C."""

import dataclasses
from collections.abc import Sequence

import numpy as np

# The authors' grid (Newmu/dcgan_code, svhn/svhn_semisup_analysis.py).
AUTHORS_C_VALUES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)
# Theirs for CIFAR-10 isn't published. Of 50,000 labels and 28,672 features
# the smallest of the values above is the best, so smaller ones are tried.
CIFAR10_C_VALUES = (1e-5, 2e-5, 5e-5, *AUTHORS_C_VALUES)
# Part of a seed, apart from those of draws.
_HOLD_OUT = 4


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A protocol of a linear probe: how many labels, how often, which C.

    Attributes:
        name: Of `PROTOCOLS`, as an evaluation's `probe` names it.
        dataset: TFDS name of the dataset that the paper has it for; None for
            any.
        label_counts: Labels trained on; None for all there are. Of a
            protocol for any dataset, those that the data allow; of another,
            every one, or its figures would not be the paper's.
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
        Protocol(
            "cifar10",
            "cifar10",
            (4_000, None),
            10_000,
            5,
            5,
            C_values=CIFAR10_C_VALUES,
        ),
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
        class_names: Of the labels, for messages.
    """

    images: np.ndarray
    labels: np.ndarray
    num_pool: int
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]

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
    class_names: Sequence[str] = (),
) -> ProbeData:
    """Holds validation images out of the training images.

    Args:
        protocol: Says how many.
        images: Training images, uint8 `(count, height, width, channels)`.
        labels: int `(count,)`.
        test_images: As images.
        test_labels: int `(num_test,)`.
        seed: Decides which; the same for all rows of a table.
        class_names: Of the labels; empty for their numbers.

    Raises:
        ValueError: If labels are no classes, or too few images are held out
            or would stay.
    """
    if labels is None or np.ndim(labels) != 1:
        raise ValueError(
            "a probe needs images with one class each; this dataset has "
            + ("none" if labels is None else "attributes instead")
        )
    num_validation = count_held_out(protocol, len(images))
    if not num_validation:
        raise ValueError(
            f"{len(images)} training images; {protocol.name} chooses C on a "
            "quarter of them, and takes 4 or more"
        )
    counts = [count or 1 for count in protocol.label_counts]
    needed = max(counts) if protocol.dataset else min(counts)
    num_pool = len(images) - num_validation
    if num_pool < needed:
        raise ValueError(
            f"{len(images)} training images; {protocol.name} holds out "
            f"{num_validation} of them and draws {needed} labels"
            + ("; few_labels takes fewer" if protocol.dataset else "")
        )
    # Classes that no training image has aren't guessed either.
    classes, labels = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        raise ValueError("all training images are of one class")
    order = np.random.default_rng((seed, 0)).permutation(len(images))
    data = ProbeData(
        images[order],
        labels[order],
        num_pool,
        test_images,
        _find_positions(test_labels, classes),
        tuple(class_names[i] if class_names else str(i) for i in classes),
    )
    check_count(data, data.num_classes)
    if protocol.dataset:
        for count in filter(None, protocol.label_counts):
            check_count(data, count)
    return data


def _find_positions(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Returns each label's place among the classes; -1 where it is none."""
    places = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    return np.where(classes[places] == labels, places, -1)


def hold_out(
    protocol: Protocol, num_images: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses training images that stand in for the test set.

    A checkpoint or a setting that is chosen on these is not chosen on the
    test set. C is chosen on others still, out of those that are left.

    Args:
        protocol: Says how many: as many as choose C.
        num_images: Training images.
        seed: Decides which.

    Returns:
        int64 positions of the training images left, and of those held out.
    """
    order = np.random.default_rng((seed, _HOLD_OUT)).permutation(num_images)
    num_held_out = min(count_held_out(protocol, num_images), num_images)
    return np.sort(order[num_held_out:]), np.sort(order[:num_held_out])


def count_held_out(protocol: Protocol, num_images: int) -> int:
    """Returns how many of so many training images a protocol holds out."""
    if protocol.num_validation is None:
        return min(num_images // 4, 10_000)
    return protocol.num_validation


def choose_label_counts(
    protocol: Protocol, counts: Sequence[int | None] | None
) -> Protocol:
    """Returns a protocol of some of its label counts, in its order.

    Args:
        protocol: Has all of them.
        counts: Those to keep, where None is all labels; None for every one.

    Raises:
        ValueError: If the protocol hasn't got one of them.
    """
    if counts is None:
        return protocol
    missing = [count for count in counts if count not in protocol.label_counts]
    if missing or not counts:
        listed = ", ".join(
            "all" if count is None else str(count)
            for count in protocol.label_counts
        )
        given = f"not {missing[0]}" if missing else "none was named"
        raise ValueError(
            f"the {protocol.name} probe has these label counts: {listed}; "
            f"{given}"
        )
    return dataclasses.replace(
        protocol,
        label_counts=tuple(x for x in protocol.label_counts if x in counts),
    )


def get_label_counts(
    protocol: Protocol, data: ProbeData
) -> tuple[int | None, ...]:
    """Returns the protocol's counts that these classes and images allow."""

    def allows(count):
        try:
            check_count(data, count)
        except ValueError:
            return False
        return True

    return tuple(
        count
        for count in protocol.label_counts
        if count is None or allows(count)
    )


def check_count(data: ProbeData, count: int) -> None:
    """Refuses a count that can't be drawn evenly over the classes.

    Raises:
        ValueError: If the pool or a class has too few images, or there are
            more classes than labels.
    """
    if count < data.num_classes:
        raise ValueError(
            f"{count} labels are fewer than the {data.num_classes} classes"
        )
    share = -(-count // data.num_classes)
    sizes = np.bincount(
        data.labels[: data.num_pool], minlength=data.num_classes
    )
    _check_class(data, sizes.argmin(), sizes.min(), count, share)


def _check_class(
    data: ProbeData, label: int, num_there: int, count: int, num_taken: int
) -> None:
    """Refuses to draw more images of a class than there are."""
    if num_there < num_taken:
        raise ValueError(
            f"class {data.class_names[label]!r} has {num_there} images to draw "
            f"from, and {count} labels take {num_taken} of it"
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
        _check_class(data, label, len(positions), count, num_taken)
        chosen.append(rng.choice(positions, num_taken, replace=False))
    return np.concatenate(chosen)
