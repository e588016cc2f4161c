"""Concepts: names of labels with + and -, and what shows them."""

import numpy as np
import pytest

from dcgan_tf.analysis.concepts import (
    LinearLabeller,
    find_exemplars,
    parse_concept,
    parse_pick,
)
from dcgan_tf.data.toy_faces import make_toy_faces

NAMES = ("smiling", "glasses", "Wavy_Hair", "a-b", "a")


@pytest.mark.parametrize(
    "text, wanted, unwanted",
    [
        ("smiling", ("smiling",), ()),
        ("-smiling+glasses", ("glasses",), ("smiling",)),
        ("+Wavy_Hair-glasses", ("Wavy_Hair",), ("glasses",)),
        ("a-b+glasses", ("a-b", "glasses"), ()),
        ("a-glasses", ("a",), ("glasses",)),
    ],
)
def test_reads_concepts(text, wanted, unwanted):
    concept = parse_concept(text, NAMES)
    assert (concept.wanted, concept.unwanted) == (wanted, unwanted)


@pytest.mark.parametrize(
    "names, text, wanted, unwanted",
    [
        (("hair", "hair-long", "long-dark"), "hair-long-dark",
         ("hair",), ("long-dark",)),
        (("hair-long", "hair-long-dark", "dark"), "hair-long-dark",
         ("hair-long-dark",), ()),
        (("a", "b", "a+b"), "a+b", ("a+b",), ()),
        (("a", "b", "a+b"), "+a+b-a", ("a+b",), ("a",)),
        (("-1", "+1"), "-1", ("-1",), ()),
        (("-1", "+1"), "+1", ("+1",), ()),
        (("-1", "+1"), "+-1-+1", ("-1",), ("+1",)),
        (("-1", "+1"), "--1", (), ("-1",)),
        (("1", "-1"), "-1", ("-1",), ()),
        (("c++", "c"), "c++-c", ("c++",), ("c",)),
        (("c++", "c"), "c-c++", ("c",), ("c++",)),
    ],
)  # fmt: skip
def test_names_may_hold_signs(names, text, wanted, unwanted):
    for order in (names, names[::-1]):
        concept = parse_concept(text, order)
        assert (concept.wanted, concept.unwanted) == (wanted, unwanted)


def test_descriptions_say_not():
    concept = parse_concept("-smiling+glasses-a-b", NAMES)
    assert concept.description == "glasses, not smiling, not a-b"


@pytest.mark.parametrize("text", ["", "-", "smile", "smiling glasses"])
def test_refuses_other_text(text):
    with pytest.raises(ValueError, match="smiling, glasses"):
        parse_concept(text, NAMES)


def test_exemplars_are_those_whose_least_sure_attribute_is_surest():
    margins = np.array([[9.0, -0.1], [2.0, -2.0], [3.0, -1.0], [1.0, 1.0]])
    concept = parse_concept("smiling-glasses", NAMES[:2])
    assert find_exemplars(concept, NAMES[:2], margins, 3).tolist() == [1, 2, 0]
    with pytest.raises(ValueError, match="3 of 4 samples show"):
        find_exemplars(concept, NAMES[:2], margins, 4)


def test_reads_picks():
    groups = parse_pick("3,17/5,9,2", 2, 20)
    assert [group.tolist() for group in groups] == [[3, 17], [5, 9, 2]]
    for text in ("3", "3/x", "3/20", "1/2/3", "/1", "-1/2"):
        with pytest.raises(ValueError, match="2 groups"):
            parse_pick(text, 2, 20)


def test_labels_what_real_images_show(trained):
    """Even an untrained D's features tell hair colours apart."""
    pictures, attributes = make_toy_faces(400)
    labels = np.stack(list(attributes.values()), axis=-1)
    labeller = LinearLabeller(
        trained.compute_features,
        pictures[:300],
        labels[:300],
        tuple(attributes),
    )
    margins = labeller.compute_margins(pictures[300:])
    right = (margins > 0) == labels[300:].astype(bool)
    assert margins.shape == (100, 7)
    assert right[:, list(attributes).index("fair_hair")].mean() > 0.9
    assert right[:, list(attributes).index("dark_skin")].mean() > 0.9


def test_labels_classes_one_against_the_rest(trained):
    pictures, attributes = make_toy_faces(300)
    classes = 2 * attributes["fair_hair"] + attributes["dark_skin"]
    labeller = LinearLabeller(
        trained.compute_features, pictures, classes, ("0", "1", "2", "3")
    )
    best = labeller.compute_margins(pictures).argmax(1)
    assert (best == classes).mean() > 0.9
