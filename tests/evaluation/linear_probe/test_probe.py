"""Protocols spend labels as they say; the test set chooses nothing."""

import dataclasses

import numpy as np
import pytest

from dcgan_tf.evaluation.linear_probe import protocols
from dcgan_tf.evaluation.linear_probe.probe import probe_features
from dcgan_tf.evaluation.linear_probe.protocols import (
    AUTHORS_C_VALUES,
    PROTOCOLS,
    Protocol,
    arrange,
    draw_labelled,
    get_label_counts,
)

NUM_CLASSES = 4
SMALL = Protocol("small", None, (4, 40, None), 60, 2, 5, std_factor=2.0)


def make_images(count, seed):
    """Images whose pixels spell their class, with noise."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % NUM_CLASSES).astype(np.int32)
    images = rng.integers(0, 120, (count, 4, 4, 1))
    images[np.arange(count), 0, labels, 0] += 120
    return images.astype(np.uint8), labels


@pytest.fixture(scope="module")
def data():
    return arrange(SMALL, *make_images(240, 0), *make_images(100, 1), seed=0)


def flatten(images):
    return images.reshape(len(images), -1).astype(np.float32) / 60


def test_the_papers_protocols_are_those_of_its_scripts():
    svhn, cifar = PROTOCOLS["svhn_1000"], PROTOCOLS["cifar10"]
    assert svhn.label_counts == (1_000,)
    assert (svhn.num_validation, svhn.std_factor) == (10_000, 1.96)
    assert (svhn.num_validation_draws, svhn.num_test_draws) == (10, 100)
    assert cifar.label_counts[-1] is None
    grid = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)
    assert svhn.C_values == AUTHORS_C_VALUES == grid
    assert cifar.C_values == (1e-5, 2e-5, 5e-5, *grid)


def test_validation_images_are_held_out_of_the_pool(data):
    assert data.num_pool == 180 and len(data.images) == 240
    images, labels = make_images(240, 0)
    together = {image.tobytes() for image in data.images}
    assert together == {image.tobytes() for image in images}
    by_image = {i.tobytes(): n for i, n in zip(images, labels, strict=True)}
    assert all(
        by_image[i.tobytes()] == n
        for i, n in zip(data.images, data.labels, strict=True)
    )


def test_draws_are_uniform_over_classes_and_without_repetition(data):
    chosen = draw_labelled(data, 40, (0, 1))
    assert len(set(chosen)) == 40 and chosen.max() < data.num_pool
    assert np.bincount(data.labels[chosen]).tolist() == [10] * 4
    uneven = np.bincount(data.labels[draw_labelled(data, 6, (0, 1))])
    assert sorted(uneven) == [1, 1, 2, 2]
    assert (draw_labelled(data, 40, (0, 2)) != chosen).any()
    with pytest.raises(ValueError, match="to draw from"):
        draw_labelled(data, 179, (0, 1))


def test_accuracy_grows_with_labels_and_results_say_what_they_are(data):
    results = probe_features("pixels", flatten, data, SMALL)
    assert [r.num_labels for r in results] == [4, 40, 240]
    assert results[0].accuracy < results[1].accuracy < results[2].accuracy
    assert results[2].accuracy > 0.95
    assert [r.num_draws for r in results] == [5, 5, 1]
    assert results[0].std > 0 and results[2].std is None
    assert {r.num_features for r in results} == {16}
    assert {(r.num_validation, r.num_test) for r in results} == {(60, 100)}
    assert all(r.C in AUTHORS_C_VALUES for r in results)


def test_the_spread_is_the_protocols_multiple(data):
    doubled = probe_features("pixels", flatten, data, SMALL)[0].std
    single = dataclasses.replace(SMALL, std_factor=1.0)
    std = probe_features("pixels", flatten, data, single)[0].std
    assert doubled == pytest.approx(2 * std)


def test_the_test_set_does_not_choose(data):
    """Scrambled test labels change accuracies and no choice."""
    rng = np.random.default_rng(0)
    scrambled = dataclasses.replace(
        data, test_labels=rng.permutation(data.test_labels)
    )
    before = probe_features("pixels", flatten, data, SMALL)
    after = probe_features("pixels", flatten, scrambled, SMALL)
    for old, new in zip(before, after, strict=True):
        assert old.C == new.C
        assert old.validation_accuracy == new.validation_accuracy
    assert after[-1].accuracy < 0.5


def test_all_labels_train_the_last_machine_with_the_validation_images(
    data, monkeypatch
):
    from dcgan_tf.evaluation.linear_probe import probe

    sizes = []

    def fit(features, labels, C_values, start=None):
        sizes.append((len(features), len(C_values)))
        return [np.zeros((features.shape[1], NUM_CLASSES))] * len(C_values)

    monkeypatch.setattr(probe, "fit_svms", fit)
    only_all = dataclasses.replace(SMALL, label_counts=(None,))
    probe_features("pixels", flatten, data, only_all)
    assert sizes == [(180, 7), (240, 1)]


@pytest.mark.parametrize(
    ("scores", "num_tried", "best"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], 7, 6),
        ([0.1, 0.5, 0.4, 0.3, 0.9, 0.9, 0.9], 4, 1),
        ([0.1, 0.5, 0.4, 0.6, 0.5, 0.5, 0.4], 7, 3),
        ([0.5, 0.4, 0.3, 0.9, 0.9, 0.9, 0.9], 3, 0),
    ],
)
def test_all_labels_try_no_larger_C_once_accuracy_has_fallen_twice(
    data, monkeypatch, scores, num_tried, best
):
    from dcgan_tf.evaluation.linear_probe import probe

    tried = []

    def fit(features, labels, C_values, start=None):
        for C in C_values:
            tried.append(C)
            yield np.zeros((features.shape[1], NUM_CLASSES))

    left = iter(scores)
    monkeypatch.setattr(probe, "fit_svms", fit)
    monkeypatch.setattr(probe, "_score", lambda *_: next(left))
    only_all = dataclasses.replace(SMALL, label_counts=(None,))
    (result,) = probe_features("pixels", flatten, data, only_all)
    assert tried == [*SMALL.C_values[:num_tried], result.C]
    assert result.C == SMALL.C_values[best]


def test_counts_that_the_data_does_not_allow_are_left_out(data):
    few = dataclasses.replace(SMALL, label_counts=(2, 4, 160, 181, None))
    assert get_label_counts(few, data) == (4, 160, None)


@pytest.mark.parametrize(
    "labels, message",
    [(None, "none"), (np.zeros((240, 3), int), "attributes")],
)
def test_images_without_classes_are_refused(labels, message):
    images, _ = make_images(240, 0)
    with pytest.raises(ValueError, match=message):
        arrange(SMALL, images, labels, images, labels, 0)


def test_too_few_images_are_refused():
    images, labels = make_images(60, 0)
    with pytest.raises(ValueError, match="holds out 60"):
        protocols.arrange(SMALL, images, labels, images, labels, 0)


@pytest.mark.parametrize("count", [2, 3])
def test_images_too_few_to_choose_C_on_are_refused(count):
    images, labels = make_images(count, 0)
    protocol = protocols.PROTOCOLS["few_labels"]
    with pytest.raises(ValueError, match=f"^{count} training .*4 or more"):
        protocols.arrange(protocol, images, labels, images, labels, 0)


def test_a_class_is_refused_by_the_name_it_has():
    images, _ = make_images(40, 0)
    labels = np.repeat([3, 7], 20)
    protocol = dataclasses.replace(
        protocols.PROTOCOLS["few_labels"], label_counts=(38, None)
    )
    for names, name in ((), "7"), ("abcdefgh", "h"):
        data = protocols.arrange(
            protocol, images, labels, images, labels, 0, names
        )
        assert data.class_names[1] == name
        with pytest.raises(ValueError, match=f"class '({name}|d|3)' has"):
            protocols.check_count(data, 38)
