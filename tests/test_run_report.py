"""The report: complete, self-contained, and whole in a real browser."""

import dataclasses
import html
import json
import re
import shutil

import numpy as np
import pytest
from fixtures import browser

from dcgan_tf import images
from dcgan_tf.analysis.views import list_pictures
from dcgan_tf.cli import analyze
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS
from dcgan_tf.evaluation.linear_probe.result import ProbeResult
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.run_report.report import write_report
from dcgan_tf.runs.curves import save_curves
from dcgan_tf.runs.folder import save_run_config
from dcgan_tf.runs.metrics import MetricsWriter

PICTURES = list_pictures()
WARNINGS = [f"{word} images, 5% of all, are few; look" for word in "abcde"]


def make_probe(num_rows):
    """What an evaluation holds of a probe."""
    features = ("D", "raw pixels", "D before <training>")
    return {
        "seed": 3,
        "protocol": dataclasses.asdict(PROTOCOLS["few_labels"]),
        "probe": [
            dataclasses.asdict(
                ProbeResult(
                    features[index % 3], 960, 10 ** (1 + index // 3),
                    0.5 + index / 20, 0.0123 if index else None, 5, 1e-3,
                    0.5, 1_000, 5_000,
                )
            )
            for index in range(num_rows)
        ],
    }  # fmt: skip


def save_evaluation(run_dir, results, step=6, **settings):
    save_run_config(run_dir, resolve_run_config(settings))
    (run_dir / "evaluation").mkdir(exist_ok=True)
    path = run_dir / "evaluation" / f"{step}.json"
    path.write_text(json.dumps(results))
    return run_dir


def read_rows(page):
    """The texts of each table's cells, a list a row."""
    return [
        [
            html.unescape(cell)
            for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", row)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", page)
    ]


@pytest.fixture(params=["library", "command"])
def read_report(request):
    def write(run_dir):
        if request.param == "library":
            write_report(run_dir)
        else:
            assert analyze.main(["report", f"--run_dir={run_dir}"]) == 0
        return (run_dir / "report.html").read_text()

    return write


@pytest.fixture(scope="module")
def full_run(toy_run, tmp_path_factory):
    """A run with one of everything, some of it wide, tall or awkward."""
    run_dir = tmp_path_factory.mktemp("report") / "a <run> & more"
    shutil.copytree(toy_run, run_dir)
    names = ("d_loss", "g_loss", "d_real", "d_fake", "elapsed_seconds")
    writer = MetricsWriter(run_dir, 0, names)
    for step in (1, 2, 3):
        writer.write(step, dict.fromkeys(names, 60.0 * step))
    writer.close()
    save_curves(run_dir)
    for name in PICTURES:
        sheet = np.full((700, 1300, 3), 220, np.uint8)
        path = run_dir / "analysis" / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".gif":
            images.save_gif(path, [sheet[:90, :90], sheet[:90, :90] // 2])
        else:
            images.save_png(path, sheet)
    measures = {
        "frechet": {"value": 41.234567, "features": "x" * 90},
        "warnings": ["w" * 90, *WARNINGS],
        **make_probe(9),
    }
    for step, record in ((3, {"frechet": 9.5}), (20, measures)):
        path = run_dir / "evaluation" / f"{step}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(record))
    return run_dir


def test_the_report_holds_everything_and_nothing_outside(full_run):
    page = write_report(full_run).read_text()
    assert "a &lt;run&gt; &amp; more" in page and "<run>" not in page
    for text in ("41.2346", "Step 20", "base_filters", "3 steps in 3 minutes"):
        assert text in page
    # An earlier evaluation.
    assert page.index("41.2346") < page.index("<td>9.5<")
    for heading in PICTURES.values():
        assert heading in page.replace("&#x27;", "'")
    # Samples, curves and the training GIF beside the views.
    sources = re.findall(r'src="([^"]{0,20})', page)
    assert len(sources) == len(PICTURES) + 3
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.search(r"https?://|<script", page)


@pytest.mark.parametrize("num_rows", [1, 2, 4, 9])
def test_a_probe_has_a_table(tmp_path, read_report, num_rows):
    page = read_report(save_evaluation(tmp_path, make_probe(num_rows)))
    rows = read_rows(page)
    start = rows.index(["features", "labels", "accuracy", "±", "draws", "C"])
    expected = [
        ["D (960)", "10", "50.00%", "-", "5", "0.001"],
        ["raw pixels (960)", "10", "55.00%", "1.23%", "5", "0.001"],
    ]
    shown = rows[start + 1 : start + 1 + num_rows]
    assert shown[:2] == expected[:num_rows]
    assert {len(row) for row in shown} == {6}
    assert "Linear probe, few_labels: L2-SVM" in page
    assert ["protocol.label_counts", "10, 100, 1000, all"] in rows
    (values,) = (row[1] for row in rows if row[0] == "protocol.C_values")
    assert values.startswith("0.0001, 0.0002") and values.endswith("0.01")
    assert "{" not in page.split("</style>")[1] and " x 0" not in page


def test_a_segmentation_has_a_table(tmp_path):
    overlap = {"background": 0.9, "stroke": 0.5}
    row = {"num_features": 8, "num_test": 200, "overlap": overlap}
    segmentation = {
        "measure": "intersection over union",
        "rows": [
            {"features": name, "num_labelled": count, **row}
            for name in ("G's features", "pixel")
            for count in (1, 5, 20)
        ],
    }
    run_dir = save_evaluation(tmp_path, {"segmentation": segmentation})
    rows = read_rows(write_report(run_dir).read_text())
    start = rows.index(["features", "labelled", "background", "stroke"])
    assert rows[start + 1] == ["G's features (8)", "1", "0.900", "0.500"]
    assert rows[start + 6] == ["pixel (8)", "20", "0.900", "0.500"]


@pytest.mark.parametrize("num_warnings", [0, 1, 2, 5])
def test_an_evaluations_warnings_come_first(
    tmp_path, read_report, num_warnings
):
    results = {"frechet": 41.5, "warnings": WARNINGS[:num_warnings]}
    page = read_report(save_evaluation(tmp_path, results))
    assert re.findall("<li>(.*?)</li>", page) == WARNINGS[:num_warnings]
    assert ("Warnings" in page) == (num_warnings > 0)
    assert ["frechet", "41.5"] in read_rows(page)
    if num_warnings:
        assert page.index(WARNINGS[0]) < page.index("41.5")


@pytest.mark.parametrize(
    ("name", "values", "cell"),
    [
        ("hold_out_also", (), None),
        ("hold_out_also", ("a.jpg",), "a.jpg"),
        ("hold_out_also", ("a.jpg", "b, c.jpg"), "a.jpg; b, c.jpg"),
        ("hold_out_also", tuple("abcde"), "a; b; c; d; e"),
        ("hold_out_also", ("1",) * 1_234, "1; " * 20 + "and 1,214 more"),
        ("level_range", (0.0, 65_535.0), "0, 65535"),
        ("level_range", None, None),
    ],
)
def test_lists_of_settings(tmp_path, read_report, name, values, cell):
    config = resolve_run_config({"image_dir": "pets"})
    data = dataclasses.replace(config.data, **{name: values})
    save_run_config(tmp_path, dataclasses.replace(config, data=data))
    rows = read_rows(read_report(tmp_path))
    assert ["image_size", "64 x 64"] in rows
    found = [row[1] for row in rows if row[0] == name]
    assert found == ([] if cell is None else [cell])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dataset": "arrays"}, "64x64 images of an unnamed collection, 128 a"),
        ({"dataset": "toy_faces"}, "32x32 images of toy_faces, "),
        ({"image_dir": "a/cats & dogs"}, "64x64 images of cats &amp; dogs, "),
        ({"image_dir": "cats.zip"}, "64x64 images of cats.zip, "),
        ({"image_dir": "/"}, "64x64 images of /, "),
    ],
)
def test_the_images_are_named(tmp_path, read_report, settings, words):
    save_run_config(tmp_path, resolve_run_config(settings))
    assert f"<p>{words}" in read_report(tmp_path)


def test_every_evaluation_is_there(tmp_path, read_report):
    """Of earlier steps, and probes on other images or on training images."""
    for name, accuracy in (
        ("6", 0.6), ("6-few_labels-validation", 0.65),
        ("12000-few_labels-cifar10", 0.7), ("notes", 0.8), ("900", 0.9),
    ):  # fmt: skip
        probe = make_probe(1)
        probe["probe"][0]["accuracy"] = accuracy
        save_evaluation(tmp_path, probe, name)
    (tmp_path / "evaluation" / "7-few_labels-bad.json").write_text("{")
    page = read_report(tmp_path)
    assert re.findall("<caption>(Step .*?)</caption>", page) == [
        "Step 12,000, probe few_labels-cifar10",
        "Step 900",
        "Step 6",
        "Step 6, probe few_labels-validation",
    ]
    shown = [row[2] for row in read_rows(page) if row[0] == "D (960)"]
    assert shown == ["70.00%", "90.00%", "60.00%", "65.00%"]


@pytest.mark.parametrize(
    "results",
    [
        [],
        {"probe": [{"features": "D"}], "seed": 0},
        {"probe": []},
        {**make_probe(2), "protocol": None},
        {"segmentation": {"rows": []}},
        {"segmentation": 3},
        {"warnings": 3},
    ],
)
def test_damaged_evaluations_are_left_out(tmp_path, results, caplog):
    page = write_report(save_evaluation(tmp_path, results)).read_text()
    assert "Evaluation" not in page and "Settings" in page
    (record,) = caplog.records
    assert "6.json is left out, as it is damaged" in record.message


def test_what_is_missing_is_left_out(toy_run, tmp_path):
    run_dir = shutil.copytree(toy_run, tmp_path / "run")
    page = write_report(run_dir).read_text()
    assert "Evaluation" not in page and "Filters" not in page
    assert "Settings" in page and "data:image/gif" in page


@pytest.mark.parametrize("count, shown", [(3, 3), (300, 128)])
def test_a_grid_is_described_by_the_rows_that_it_has(tmp_path, count, shown):
    names = [f"class{index}." for index in range(count)]
    config = resolve_run_config({"family": "gan"})
    save_run_config(tmp_path, config, classes=names)
    grid = np.zeros((9, 9, 1), np.uint8)
    images.save_png(tmp_path / "samples" / "step-0000001.png", grid)
    page = write_report(tmp_path).read_text()
    assert "<h1>GAN run: " in page
    rows = re.search("Rows: (.*)</p>", page)[1]
    assert rows.count("class") == shown
    assert rows.startswith("class0.") and "class2." in rows
    assert ("class1." in rows) == (count == shown)


def test_claims_are_of_a_step_and_a_seed(tmp_path):
    kept = {"kept_mean": 0.71, "mean_b_smiling": 0.02, "smiling_b": 0.8}
    save_run_config(tmp_path, resolve_run_config({}))
    (tmp_path / "analysis").mkdir()
    claims = {
        "run": "faces", "step": 12_000, "seed": 7,
        "classifier": {"accuracy": {"smiling": 0.99}},
        "arithmetic_3": kept, "arithmetic_1": kept,
        "turn": {"looking_left": [0.1, 0.9]},
        "forgetting": dict.fromkeys(
            ("num_dropped", "num_maps", "before", "after", "random",
             "unchanged_mean", "random_unchanged_mean"), 0.5,
        ),
        "walks": {"straight": 2.0, "great_circle": 2.5},
    }  # fmt: skip
    (tmp_path / "analysis" / "claims.json").write_text(json.dumps(claims))
    page = write_report(tmp_path).read_text()
    assert "Step 12,000, seed 7: claim, threshold, measured" in page


@pytest.mark.parametrize(
    "text", ["nope", "[]", "null", "{}", '{"arithmetic_3": 3}']
)
def test_damaged_claims_are_left_out(tmp_path, text, caplog):
    save_run_config(tmp_path, resolve_run_config({}))
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "claims.json").write_text(text)
    assert "Claim" not in write_report(tmp_path).read_text()
    (record,) = caplog.records
    assert "claims.json is left out, as it is damaged" in record.message


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a run"):
        write_report(tmp_path)


@pytest.mark.slow
def test_in_a_browser_from_disk_on_a_phone_and_a_desk(full_run, tmp_path):
    browser.require_browser()
    page = write_report(full_run)
    elsewhere = shutil.copy(page, tmp_path / "sent by mail.html")
    with browser.open_browser() as driver:
        for width in (390, 1280):
            browser.set_view(driver, width, 900)
            driver.get(f"file://{elsewhere}")
            loaded = driver.execute_script(
                "return [...document.images].map("
                "i => i.complete && i.naturalWidth > 0)"
            )
            assert len(loaded) == len(PICTURES) + 3 and all(loaded)
            wide = driver.execute_script(
                "return document.documentElement.scrollWidth"
            )
            assert wide <= width
            assert driver.execute_script("return innerWidth") == width
            size = driver.execute_script(
                "return parseFloat(getComputedStyle(document.body).fontSize)"
            )
            assert size >= 16
            # Every link of the contents leads somewhere.
            assert driver.execute_script(
                "return [...document.querySelectorAll('nav a')].every("
                "a => document.querySelector(a.getAttribute('href')))"
            )
        assert driver.get_log("browser") == []
