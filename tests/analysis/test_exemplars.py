"""Exemplars chosen by number or by concept."""

import numpy as np
import pytest

from dcgan_tf.analysis.exemplars import choose_by_concept, choose_by_number
from dcgan_tf.analysis.samples import sample_numbered_latents


def test_picked_latents_are_the_numbered_ones(trained):
    groups, names, _ = choose_by_number(trained, "3,17/149", 2)
    latents = sample_numbered_latents(trained)
    np.testing.assert_array_equal(groups[0], latents[[3, 17]])
    np.testing.assert_array_equal(groups[1], latents[[149]])
    assert names == ["samples 3, 17", "sample 149"]


def test_concepts_of_unknown_names_name_those_there_are(trained, few_faces):
    with pytest.raises(ValueError, match="smiling, glasses, fair_hair"):
        choose_by_concept(trained, "turn", ["Smiling", "-Smiling"], 2)
