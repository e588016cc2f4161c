"""The report: complete, self-contained, and whole in a real browser."""

import json
import re
import shutil

import numpy as np
import pytest
from fixtures import browser

from dcgan_tf import images
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.run_report import VIEWS, write_report
from dcgan_tf.runs.curves import save_curves
from dcgan_tf.runs.folder import save_run_config
from dcgan_tf.runs.metrics import MetricsWriter


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
    for name in VIEWS:
        sheet = np.full((700, 1300, 3), 220, np.uint8)
        path = run_dir / "analysis" / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".gif":
            images.save_gif(path, [sheet[:90, :90], sheet[:90, :90] // 2])
        else:
            images.save_png(path, sheet)
    measures = {"frechet": {"value": 41.234567, "features": "x" * 90}}
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
    assert "9.5" not in page  # An earlier evaluation.
    for heading in VIEWS.values():
        assert heading in page.replace("&#x27;", "'")
    # Samples, curves and the training GIF beside the views.
    sources = re.findall(r'src="([^"]{0,20})', page)
    assert len(sources) == len(VIEWS) + 3
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.search(r"https?://|<script", page)


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
            assert len(loaded) == len(VIEWS) + 3 and all(loaded)
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
