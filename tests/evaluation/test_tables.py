"""Tables say what figures depend on, and when they don't compare."""

import json

import pytest

from dcgan_tf.evaluation.comparison import format_comparison
from dcgan_tf.evaluation.result_files import (
    get_report_path,
    load_report,
    save_report,
    save_reports,
)
from dcgan_tf.evaluation.tables import format_result


def make_result(name, frechet, num_samples=2_000):
    return {
        "model": name,
        "step": 7,
        "dataset": "digits",
        "held_out_split": "test",
        "seed": 3,
        "dcgan_tf": "0",
        "feature_extractor": {
            "name": "random",
            "description": "untrained",
            "resize": "none",
            "seed": 3,
        },
        "counts": {
            "samples": num_samples,
            "training": 900,
            "noise": 800,
            "held_out": 700,
            "equal_pairs": 600,
        },
        "measures": {"samples": {"frechet": frechet}, "training": {}},
        "warnings": ["looks copied"],
    }


def test_a_result_names_counts_network_resize_and_seed():
    text = format_result(make_result("runs/a", 12.3456))
    for part in ("2000", "900", "800", "700", "untrained", "seed 3"):
        assert part in text
    assert "resize: none" in text and "12.35" in text
    assert "WARNING: looks copied" in text


def test_measures_of_equal_sets_are_named_where_they_were_taken():
    result = make_result("runs/a", 1.0)
    assert "600" not in format_result(result)
    result["measures"]["samples"] |= {"c2st": 0.5, "recall": 0.5}
    assert "Recall, c2st: 600 of each." in format_result(result)
    result["measures"]["samples"] = {"sliced_wasserstein_pixels": 0.5}
    assert "Sliced_wasserstein: 600 of each." in format_result(result)


@pytest.mark.parametrize(("num_classes", "are_listed"), [(20, 1), (21, 0)])
def test_fractions_of_many_classes_are_left_to_the_file(
    num_classes, are_listed
):
    result = make_result("a", 1.0)
    fractions = {f"class_fraction_{i}": 0.5 for i in range(num_classes)}
    result["measures"]["samples"] |= fractions
    for text in (format_result(result), format_comparison([result, result])):
        assert ("class_fraction_7 " in text) == are_listed
        assert (f"of {num_classes} classes" in text) != are_listed
        assert "frechet" in text


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("model", None),
        ("weights_digest", None),
        ("counts", "counts differ."),
        ("seed", "seed differ."),
        ("held_out_split", "held-out split differ."),
        # Files, size, channels or crop: all else may be the same.
        ("held_out_digest", "held-out images (which, or their size, "),
        ("probe_data", "images of the probe differ."),
    ],
)
def test_comparison_warns_of_unequal_conditions(key, said):
    results = [make_result("a", 1.0), make_result("b", 2.0)]
    results[1][key] = "other"
    text = format_comparison(results)
    assert ("do NOT compare: " in text) == (said is not None)
    assert (said or "Against 700 held-out images") in text
    assert "a@7" in text and f"{results[1]['model']}@7" in text
    warned = f"WARNING: a@7, {results[1]['model']}@7: looks copied"
    assert text.count("WARNING") == 1 and warned in text


@pytest.mark.parametrize(
    ("found", "parts"),
    [
        ({}, ["None of these measures"]),
        (
            {
                "one_nn": {
                    "num_samples": 90,
                    "num_training": 80,
                    "samples_error": 0.25,
                    "training_error": 0.125,
                }
            },
            ["90 labelled samples 0.25 0.25 80 training images 0.125"],
        ),
        (
            {
                "segmentation": {
                    "rows": [
                        {
                            "features": "pixel",
                            "num_labelled": 5,
                            "overlap": {"hole": 0.5},
                        }
                    ]
                }
            },
            ["pixel, 5 labelled: hole 0.5 0.5"],
        ),
    ],
)
def test_a_comparison_has_whatever_was_found(found, parts):
    results = [{"model": name, "step": 7, **found} for name in "ab"]
    text = " ".join(format_comparison(results).split())
    for part in parts:
        assert part in text


def test_a_report_is_written_whole(tmp_path):
    path = get_report_path(tmp_path / "run", 7)
    save_report(path, make_result("a", 1.0))
    assert path == tmp_path / "run" / "evaluation" / "7.json"
    assert json.loads(path.read_text())["measures"]["samples"]["frechet"] == 1
    assert [p.name for p in path.parent.iterdir()] == ["7.json"]


def make_probe(name, accuracy):
    row = {"features": "D", "num_labels": 100, "accuracy": accuracy}
    kept = ("step", "dataset", "held_out_split", "seed", "dcgan_tf")
    result = {key: make_result(name, 0.0)[key] for key in kept}
    return {**result, "model": name, "probe": [row]}


def test_a_probe_does_not_cost_the_distances(tmp_path):
    path = get_report_path(tmp_path / "run", 7)
    save_report(path, make_result("a", 1.0))
    save_report(path, make_probe("a", 0.5))
    both = json.loads(path.read_text())
    assert both["measures"] and both["probe"]
    save_report(path, {**make_probe("a", 0.6), "seed": 4})
    assert "measures" not in json.loads(path.read_text())
    path.write_text("{not json")
    save_report(path, make_result("a", 2.0))
    assert json.loads(path.read_text())["measures"]["samples"]["frechet"] == 2


@pytest.mark.parametrize(
    ("num_samples", "kept"),
    [(2_000, {"frechet": 2.0, "kernel": 0.5}), (50, {"frechet": 2.0})],
)
def test_a_measure_does_not_cost_others_of_its_kind(
    tmp_path, num_samples, kept
):
    path = get_report_path(tmp_path / "run", 7)
    first = make_result("a", 1.0)
    first["measures"]["samples"]["kernel"] = 0.5
    save_report(path, first)
    second = {**make_result("a", 2.0, num_samples), "warnings": ["few"]}
    save_reports(tmp_path / "run", second, (lines := []).append)
    result = json.loads(path.read_text())
    assert result["measures"]["samples"] == kept
    is_merged = len(kept) > 1
    assert result["warnings"] == ["few", *["looks copied"] * is_merged]
    assert ("kernel" in "".join(lines)) != is_merged


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (["a"], ["b"], ["b", "a"]),
        (["a"], ["a"], ["a"]),
        # Of one kind, the newer.
        (["5 of 12 are alike: x"], ["7 of 12 are alike: x"],
         ["7 of 12 are alike: x"]),
        (["9% are near, in pixels"], ["10% are near, in pixels"],
         ["10% are near, in pixels"]),
        (["9% are near, in pixels"], ["9% are near, in features"],
         ["9% are near, in features", "9% are near, in pixels"]),
        # But what only one evaluation has stays.
        (["too large: by 1.5e-05 of it"], ["too large: by"],
         ["too large: by 1.5e-05 of it"]),
        (["too large: by"], ["too large: by 2.5 of it"],
         ["too large: by 2.5 of it"]),
        ([], ["a"], ["a"]),
    ],
)  # fmt: skip
def test_there_is_one_warning_of_each_kind(tmp_path, first, second, expected):
    path = get_report_path(tmp_path / "run", 7)
    for warnings in (first, second):
        save_report(path, {**make_result("a", 1.0), "warnings": warnings})
    assert load_report(path)["warnings"] == expected


@pytest.mark.parametrize(
    ("key", "is_kept"),
    [
        ("model", True),  # The same run, by another path.
        ("weights_digest", False),
        ("held_out_digest", False),
        ("dataset", False),
        ("seed", False),
        ("dcgan_tf", False),
    ],
)
def test_results_of_other_weights_or_images_do_not_mix(tmp_path, key, is_kept):
    path = get_report_path(tmp_path / "run", 7)
    save_report(path, {**make_result("a", 1.0), key: "earlier"})
    lines = []
    save_report(path, make_probe("a", 0.5), lines.append)
    assert ("measures" in load_report(path)) == is_kept
    said = (
        f"measures of an earlier evaluation, with another {key}, are replaced"
    )
    assert [said in line for line in lines] == [True] * (not is_kept)


@pytest.mark.parametrize("key", [None, "protocol", "probe_data", "trained_on"])
def test_rows_of_another_probe_are_replaced_with_a_line(tmp_path, key):
    path = get_report_path(tmp_path / "run", 7)
    # As JSON has them once they are written: tuples are lists.
    first = {**make_probe("a", 0.5), "protocol": {"C_values": (1, 2)}}
    second = {**first, "probe": [{**first["probe"][0], "features": "G"}]}
    save_report(path, {**first, key: "earlier"} if key else first)
    lines = []
    save_report(path, second, lines.append)
    names = [row["features"] for row in load_report(path)["probe"]]
    assert names == (["G"] if key else ["G", "D"])
    said = f"rows of an earlier probe, with another {key}, are replaced"
    assert [said in line for line in lines] == [True] * bool(key)


def test_probes_compare_without_distances_and_three_have_a_spread():
    text = format_comparison([make_probe("a", 0.8), make_probe("b", 0.9)])
    assert "D, 100 labels" in text and "std" not in text
    text = format_comparison(
        [
            make_probe(name, x)
            for name, x in (("a", 0.7), ("b", 0.8), ("c", 0.9))
        ]
    )
    numbers = text.splitlines()[-1].split()[-5:]
    assert [float(x) for x in numbers] == [0.7, 0.8, 0.9, 0.8, 0.1]


def make_old_result(name="runs/a"):
    """What 0.1.0 wrote, by its keys."""
    result = make_probe(name, 0.5)
    result["subject"] = result.pop("model")
    row = {"num_features": 9, "num_draws": 10, "num_validation": 5}
    row |= {"num_test": 7, "spread": 0.25, "strength": 0.002}
    result["probe"][0] |= row
    figures = {"two_sample": 0.75, "class_score": 8.5, "sure_share": 0.625}
    figures |= {"class_share_3": 0.125, "copying_pixels_near_share": 0.0625}
    return {
        **result,
        "network": make_result(name, 0.0)["feature_extractor"],
        "counts": make_result(name, 0.0)["counts"],
        "measures": {"samples": figures},
        "protocol": {"name": "few_labels", "spread_factor": 1.0},
    }


def test_results_of_0_1_0_are_read_by_todays_keys(tmp_path):
    path = get_report_path(tmp_path, 7)
    path.parent.mkdir()
    path.write_text(json.dumps(make_old_result()))
    result = load_report(path)
    assert result["model"] == "runs/a"
    assert result["feature_extractor"]["name"] == "random"
    assert result["measures"]["samples"] == {
        "c2st": 0.75,
        "inception_style_score": 8.5,
        "confident_fraction": 0.625,
        "class_fraction_3": 0.125,
        "copying_pixels_memorized_fraction": 0.0625,
    }
    assert result["probe"][0]["std"] == 0.25
    assert result["probe"][0]["C"] == 0.002
    # And shown, compared and added to.
    text = format_result(make_old_result())
    assert "25.00%" in text and "c2st" in text
    text = format_comparison([make_old_result(), make_result("b", 1.0)])
    assert "runs/a@7" in text and "c2st" in text
    save_report(path, make_result("runs/a", 3.0))
    assert load_report(path)["probe"][0]["std"] == 0.25
