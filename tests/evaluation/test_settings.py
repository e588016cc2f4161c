"""What an evaluation refuses before anything is loaded."""

import numpy as np
import pytest

from dcgan_tf.config import DataConfig
from dcgan_tf.evaluation.settings import Settings
from dcgan_tf.seeds import LARGEST_SEED


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "seed is -1; use 0 to"),
        ({"seed": LARGEST_SEED + 1}, "seed is 9223372036854; use 0 to"),
        ({"seed": 0.5}, "seed is 0.5; it must be a whole number"),
        ({"num_samples": 9}, "num_samples is 9; use 10 to 1,000,000"),
        ({"num_samples": 1_000_001}, "num_samples is 1000001; use 10 to"),
        ({"num_samples": "many"}, "num_samples is 'many'; it must be a whole"),
        ({"measures": ["fid"]}, "measure 'fid' is not one of frechet"),
        ({"feature_extractor": "vgg"}, "'vgg'; use one of auto"),
        ({"feature_extractor": "inception"}, "inception_path None.* together"),
        ({"inception_path": "x.pb"}, "features 'auto'.* together"),
        ({"probe": "stl"}, "probe is 'stl'; use one of few_labels"),
        ({"probe": "cifar10", "probe_labels": (7,)}, "4000, all; not 7"),
        ({"probe": "cifar10", "probe_labels": ()}, "labels is empty; give"),
        ({"probe": "cifar10", "probe_rows": []}, "probe_rows is empty; give"),
        ({"probe_rows": np.array([])}, "probe_rows is empty; give"),
        ({"probe": ""}, "probe is empty; give it a value, or leave it out"),
        ({"cache_dir": ""}, "cache_dir is empty; give"),
        ({"inception_path": ""}, "inception_path is empty; give"),
        ({"probe_split": "train"}, "probe_split is 'train'; use one of test"),
        ({"probe_rows": ("D", "E")}, "probe_rows is 'E'; use one of D"),
        ({"measures": []}, "no measures and no probe leave nothing"),
        ({"measures": "fid"}, "measure 'fid' is not one of frechet"),
        ({"probe_rows": "D"}, "probe_rows is given without probe, which"),
        ({"probe_labels": 10}, "probe_labels is given without probe"),
        ({"probe_split": "validation"}, "probe_split is given without"),
        ({"probe_data": DataConfig()}, "probe_data is given without"),
    ],
    ids=str,
)
def test_what_is_out_of_range_is_refused(settings, message):
    with pytest.raises(ValueError, match=message) as error:
        Settings(**settings)
    assert "\n" not in str(error.value)


def test_what_is_in_range_is_taken():
    taken = Settings(
        feature_extractor="inception", inception_path="x.pb", probe="cifar10",
        probe_labels=(4_000, None), probe_rows=("D", "start"),
        num_samples=np.int32(10), seed=LARGEST_SEED,
    )  # fmt: skip
    assert type(taken.num_samples) is int


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("measures", "frechet", ("frechet",)),
        ("measures", ["class_score"], ("inception_style_score",)),
        ("measures", [], ()),
        ("probe_rows", "pixels", ("pixels",)),
        ("probe_labels", 100, (100,)),
        ("probe_labels", [10, None], (10, None)),
    ],
)
def test_a_single_value_and_any_list_will_do(name, given, taken):
    settings = Settings(**{"probe": "few_labels", name: given})
    assert getattr(settings, name) == taken
