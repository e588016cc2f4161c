"""Tables say what figures depend on, and when they don't compare."""

import json

from dcgan_tf.evaluation.tables import (
    format_comparison,
    format_result,
    get_report_path,
    save_report,
)


def make_result(name, frechet, num_samples=2_000):
    return {
        "subject": name,
        "step": 7,
        "dataset": "digits",
        "held_out_split": "test",
        "seed": 3,
        "dcgan_tf": "0",
        "network": {
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
    for part in ("2000", "900", "800", "700", "600", "untrained", "seed 3"):
        assert part in text
    assert "resize: none" in text and "12.35" in text
    assert "WARNING: looks copied" in text


def test_comparison_warns_of_unequal_conditions():
    equal = format_comparison([make_result("a", 1.0), make_result("b", 2.0)])
    assert "do NOT compare" not in equal
    assert "a@7" in equal and "b@7" in equal
    unequal = format_comparison(
        [make_result("a", 1.0), make_result("b", 2.0, num_samples=50)]
    )
    assert "do NOT compare: counts differ" in unequal


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
    return {**result, "subject": name, "probe": [row]}


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
    assert [float(x) for x in numbers] == [0.7, 0.8, 0.9, 0.8, 0.08165]
