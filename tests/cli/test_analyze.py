"""The analyze command as a user runs it, on a tiny untrained run."""

import json
import shutil
import types

import numpy as np
import pytest
from absl import flags
from fixtures.errors import list_errors
from PIL import Image

from dcgan_tf.analysis import (
    arithmetic,
    attribute_classifier,
    claims_table,
    exemplars,
    guided_backprop,
    walk,
)
from dcgan_tf.analysis.concepts import parse_concept
from dcgan_tf.analysis.sheet import draw_sheet
from dcgan_tf.cli import analyze, views
from dcgan_tf.data.source import build_array_source


@pytest.fixture(scope="module")
def toy_run(toy_run, tmp_path_factory):
    """A copy: the command writes into a run's folder."""
    return shutil.copytree(toy_run, tmp_path_factory.mktemp("run") / "faces")


@pytest.fixture(autouse=True)
def small_search(monkeypatch, few_faces):
    monkeypatch.setattr(views, "_NUM_REAL_IMAGES", 40)
    # Few frames: `analysis/test_walk` draws them all.
    monkeypatch.setattr(walk, "_GIF_STEPS", 2)
    monkeypatch.setattr(walk, "SMOOTHNESS_STEPS", 4)


def run(*arguments):
    return analyze.main([str(argument) for argument in arguments])


@pytest.mark.parametrize(
    "view, files",
    [
        ("filters", ["filters.png"]),
        ("guided_backprop", ["guided_backprop.png"]),
        ("maximal_activations", ["maximal_activations.png"]),
        ("deconvnet", ["deconvnet.png"]),
        ("generator_features", ["generator_features.png"]),
        ("walk", ["walk.png", "walk.gif"]),
    ],
)
def test_views_without_exemplars(toy_run, capsys, monkeypatch, view, files):
    drawn = []

    def draw_watched(title, rows, caption):
        drawn.extend(panel for row in rows for panel in row)
        return draw_sheet(title, rows, caption)

    monkeypatch.setattr(guided_backprop, "draw_sheet", draw_watched)
    if view in ("guided_backprop", "maximal_activations", "deconvnet"):
        layer = ["--layer=conv_3_lrelu"]
    else:
        layer = []
    assert run(view, f"--run_dir={toy_run}", *layer) == 0
    printed = capsys.readouterr().out
    for name in files:
        assert name in printed
        with Image.open(toy_run / "analysis" / name) as picture:
            assert min(picture.size) > 200
            assert (picture.n_frames > 1) == name.endswith(".gif")
    if view == "guided_backprop":
        features = [f"feature {number}" for number in range(1, 7)]
        beside = "guided backpropagation"
        assert [(panel.title, list(panel.row_labels)) for panel in drawn] == [
            ("Trained D: images", features), (beside, []),
            ("Untrained D: images", []), (beside, []),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "view, pick", [("arithmetic", "1,2,3/4,5,6/7,8,9"), ("turn", "1,2/3,149")]
)
def test_views_of_picked_samples(toy_run, view, pick):
    assert run(view, f"--run_dir={toy_run}", f"--pick={pick}") == 0
    for name in ("samples.png", f"{view}.png"):
        assert (toy_run / "analysis" / name).exists()


def test_picked_samples_are_counted_in_the_caption(toy_run, monkeypatch):
    captions = []

    def draw_watched(title, rows, caption):
        captions.append(caption)
        return draw_sheet(title, rows, caption)

    monkeypatch.setattr(arithmetic, "draw_sheet", draw_watched)
    pick = "--pick=3/5,9,2/1,8,30,4,6"
    assert run("arithmetic", f"--run_dir={toy_run}", pick) == 0
    assert "Columns: 1, 3 and 5 exemplars of the concepts" in captions[-1]


@pytest.mark.parametrize(
    "edge", ["Infinity", "1e999", "NaN", "true", "[4]", "1" + "0" * 400]
)
def test_boxes_of_no_pixels_are_one_line(toy_run, tmp_path, capsys, edge):
    path = tmp_path / "boxes.json"
    path.write_text(f'{{"seed": 0, "boxes": {{"1": [[0, 0, {edge}, 9]]}}}}')
    assert run("forget", f"--run_dir={toy_run}", f"--boxes={path}") == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert "boxes.json' holds no boxes: " in line


def test_forget_takes_boxes(toy_run, tmp_path):
    path = tmp_path / "boxes.json"
    boxes = {str(number): [[0, 0, 16, 16]] for number in range(9)}
    path.write_text(json.dumps({"name": "corner", "seed": 3, "boxes": boxes}))
    assert run("forget", f"--run_dir={toy_run}", f"--boxes={path}") == 0
    assert (toy_run / "analysis" / "forget.png").exists()


def test_forget_keeps_boxes_that_were_corrected(toy_run, monkeypatch, capsys):
    def find_windows(images):
        return np.tile([2, 3, 14, 15], (len(images), 1))

    classifier = types.SimpleNamespace(
        compute_logits=lambda images: np.ones((len(images), 7)),
        find_windows=find_windows,
    )
    monkeypatch.setattr(claims_table, "SIZES", (32,))
    monkeypatch.setattr(
        claims_table, "train_attribute_classifier", lambda size: classifier
    )
    found = toy_run / "analysis" / "window_boxes.json"
    try:
        for _ in range(2):  # The same boxes are no others.
            assert run("forget", f"--run_dir={toy_run}") == 0
        assert [p.name for p in found.parent.glob("window_*")] == [found.name]
        as_found = found.read_bytes()
        for end, text in ("bak", b"corrected"), ("bak2", b"\xff by hand"):
            found.write_bytes(text)
            capsys.readouterr()
            assert run("forget", f"--run_dir={toy_run}") == 0
            kept = found.with_name(f"window_boxes.json.{end}")
            assert kept.read_bytes() == text
            assert found.read_bytes() == as_found
            assert kept.name in capsys.readouterr().out
    finally:
        for path in found.parent.glob("window_*"):
            path.unlink()


def build_blind_classifier(size):
    """The real one, but for its training: it sees no windows."""
    model = attribute_classifier._build_model(size, 7)
    model.get_layer("attributes").bias.assign(np.full(7, -100.0))
    return attribute_classifier.AttributeClassifier(model)


@pytest.mark.parametrize(
    ("sizes", "flags", "code", "words"),
    [
        # As runs of 16 pixels are.
        ((64,), [], 2, ["--boxes=FILE", "(32, 32, 3)", "those of 64 pixels"]),
        ((32,), [], 1, ["none of the 150 samples of seed 0 has a window"]),
        ((32,), ["--layer=conv_9"], 1, ["no layer 'conv_9'"]),
        ((32,), ["--layer=project"], 1, ["no feature maps"]),
    ],
)
def test_forget_says_why_it_finds_no_boxes(
    toy_run, monkeypatch, capsys, sizes, flags, code, words
):
    monkeypatch.setattr(claims_table, "SIZES", sizes)
    # Trained for half a minute, which a wrong layer isn't worth.
    monkeypatch.setattr(
        claims_table,
        "train_attribute_classifier",
        pytest.fail if flags else build_blind_classifier,
    )
    assert run("forget", f"--run_dir={toy_run}", *flags) == code
    (line,) = list_errors(capsys.readouterr().err)
    assert all(word in line for word in words)
    assert not (toy_run / "analysis" / "window_boxes.json").exists()


def test_report(toy_run):
    assert run("report", f"--run_dir={toy_run}") == 0
    assert (toy_run / "report.html").stat().st_size > 1_000


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "give a VIEW, one of filters"),
        (["filter"], "'filter'; did you mean filters"),
        (["x"], "no VIEW is called 'x'; use one of filters"),
        (["filters", "walk"], "give one VIEW, not 'filters walk'"),
        (["filters"], "--run_dir"),
        (["turn", "--run_dir=r", "--pick=1/2", "--concepts=a,b"], "one of"),
        (["turn", "--run_dir=r", "--concepts=a,b,c"], "turn takes 2"),
    ],
)
def test_bad_flags_exit_with_2(capsys, arguments, words):
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    (line,) = list_errors(error)
    assert words in line


@pytest.mark.parametrize(
    "view, arguments, words",
    [
        ("generator_features", ["--checkpoint=77"], "no checkpoint '77'"),
        ("generator_features", ["--layer=conv_9"], "no layer 'conv_9'"),
        ("generator_features", ["--layer=project"], "no feature maps"),
        ("guided_backprop", ["--layer=logit"], "no feature maps"),
        ("deconvnet", ["--layer=flatten"], "no feature maps"),
        ("maximal_activations", ["--layer=logit"], "no feature maps"),
    ],
)
def test_bad_values_exit_with_1(
    toy_run, monkeypatch, capsys, view, arguments, words
):
    monkeypatch.setattr(views, "_NUM_REAL_IMAGES", 9)
    assert run(view, f"--run_dir={toy_run}", *arguments) == 1
    error = capsys.readouterr().err
    (line,) = list_errors(error)
    assert words in line


@pytest.mark.parametrize(
    "view, names, concepts",
    [
        ("arithmetic", ["cat", "dog"], "cat,dog,-cat"),
        ("arithmetic", ["cat"], "cat,-cat,cat"),
        ("turn", ["cat"], "cat,-cat"),
        ("turn", ["a, b"], '"a, b","-a, b"'),
    ],
)
def test_few_classes_give_too_few_concepts(
    toy_run, capsys, monkeypatch, view, names, concepts
):
    labels = np.arange(4) % len(names)
    pixels = np.zeros((4, 32, 32, 3), np.uint8)
    source = build_array_source(
        "pets", "train", pixels, labels, label_names=tuple(names)
    )
    monkeypatch.setattr(
        exemplars, "load_first_images", lambda *_: (pixels, labels, source)
    )
    assert run(view, f"--run_dir={toy_run}") == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert f"--concepts={concepts}" in line and "--pick" in line
    assert "pets has" in line
    values = flags.FlagValues()
    analyze.define_flags(values)
    values(["analyze", f"--concepts={concepts}"])
    given = [parse_concept(text, names) for text in values.concepts]
    assert len(given) == {"arithmetic": 3, "turn": 2}[view]


@pytest.mark.parametrize(
    "flag",
    [
        "layer=x",
        "great_circle",
        "pick=1",
        "concepts=a",
        "boxes=b.json",
        "checkpoint=best",
        "seed=3",
    ],
)
def test_flags_that_a_view_has_no_use_for_are_told(toy_run, capsys, flag):
    assert run("report", f"--run_dir={toy_run}", f"--{flag}") == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"WARNING: --{flag.split('=')[0]} is for ")
    assert line.endswith(": report passes it over")


def test_no_run_is_an_error(tmp_path, capsys):
    assert run("walk", f"--run_dir={tmp_path}") == 1
    assert "is not a run" in capsys.readouterr().err
