"""A run's folder: what its record says, and what may start there."""

import dataclasses
import json

import pytest

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.runs.class_names import load_class_names

CONFIG = resolve_run_config({"image_size": (16, 16)})


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A run with a record, said to have a checkpoint."""
    run_dir = tmp_path / "run"
    folder.make_run_dir(run_dir)
    folder.save_run_config(run_dir, CONFIG, precision="float32")
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    return run_dir


def test_a_record_is_read_back_with_its_extras_and_versions(run_dir):
    assert folder.load_run_config(run_dir) == CONFIG
    record = folder.load_run_record(run_dir)
    assert record["precision"] == "float32"
    assert {"dcgan_tf", "tensorflow", "python"} <= set(record["versions"])


def test_a_byte_order_mark_is_passed_over(run_dir):
    path = run_dir / "config.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert folder.load_run_config(run_dir) == CONFIG
    assert folder.load_run_record(run_dir)["precision"] == "float32"


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda text: "", "it is no JSON"),
        (lambda text: text[:80], "it is no JSON"),
        (lambda text: "null", "it is None, not the sections model, data"),
        (lambda text: "[]", r"it is \[\], not the sections"),
        (lambda text: "5", "it is 5, not the sections"),
        (lambda text: '{"model": {}}', "section 'data' is None"),
        (lambda text: '{"model": 5}', "section 'model' is 5"),
        (lambda text: text.replace("image_size", "size"), "'image_size'"),
        (lambda text: text.replace('"seed": 0', '"seed": "x"'), "seed is 'x'"),
    ],
)
@pytest.mark.parametrize(
    "load", [folder.load_run_config, folder.load_run_record]
)
def test_a_damaged_record_is_named(run_dir, load, change, words):
    path = run_dir / "config.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=f"config.json': .*{words}") as error:
        load(run_dir)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("names", [5, "cat", ["cat", 3], {"cat": 0}])
def test_damaged_names_of_classes_are_named(run_dir, names):
    folder.save_run_config(run_dir, CONFIG, classes=names)
    with pytest.raises(ValueError, match="config.json': its 'classes' are"):
        load_class_names(run_dir)


def test_a_folder_without_a_record_is_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a run: it has no"):
        folder.load_run_config(tmp_path)
    saved_model = tmp_path / "generator" / "1" / "saved_model.pb"
    saved_model.parent.mkdir(parents=True)
    saved_model.touch()
    with pytest.raises(FileNotFoundError, match="is not a run: it is an exp"):
        folder.load_run_config(tmp_path)


def test_a_run_keeps_how_it_reads_split_folders(run_dir, monkeypatch):
    record = json.loads((run_dir / "config.json").read_text())
    record["data"]["folder_splits"] = not CONFIG.data.folder_splits
    (run_dir / "config.json").write_text(json.dumps(record))
    kept = folder.keep_recorded_data(run_dir, CONFIG).data.folder_splits
    assert kept != CONFIG.data.folder_splits
    # One without checkpoints starts anew.
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [])
    assert folder.keep_recorded_data(run_dir, CONFIG) == CONFIG


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, None),
        ({"steps": 7}, None),
        ({"cache": "off"}, None),
        ({"seed": 5}, "seed was 0, is now 5"),
        ({"base_filters": 8}, "base_filters was"),
    ],
)
def test_settings_that_decide_the_result_are_the_same(run_dir, settings, name):
    config = resolve_run_config({"image_size": (16, 16), **settings})
    if name is None:
        folder.check_run_dir(run_dir, config)
    else:
        with pytest.raises(ValueError, match=name):
            folder.check_run_dir(run_dir, config)


@pytest.mark.parametrize(
    ("name", "is_free"),
    [
        (".DS_Store", True),
        ("._x", True),
        ("checkpoints/", True),
        ("logs/", True),
        ("checkpoints", False),
        ("photo.png", False),
        ("photos/", False),
    ],
)
def test_a_new_run_starts_where_nothing_of_the_users_is(
    tmp_path, name, is_free
):
    path = tmp_path / name
    path.mkdir() if name.endswith("/") else path.touch()
    if is_free:
        folder.check_run_dir(tmp_path, CONFIG)
    else:
        with pytest.raises(ValueError, match="holds other files"):
            folder.check_run_dir(tmp_path, CONFIG)


@pytest.mark.parametrize("others", [(), ("metrics.csv", "losses.png")])
def test_checkpoints_without_their_record_are_safe(tmp_path, others):
    folder.make_run_dir(tmp_path)
    for name in ("checkpoints/ckpt-3.index", *others):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="no config.json.*from a copy"):
        folder.check_run_dir(tmp_path, CONFIG)
    with pytest.raises(FileNotFoundError, match="no config.json.*from a copy"):
        folder.load_run_config(tmp_path)


@pytest.mark.parametrize(
    ("name", "was", "now", "is_refused"),
    [
        ("hold_out", "none", "none", False),
        ("hold_out", "one_in_20", "auto", False),
        ("hold_out", "one_in_20", "large", False),
        ("hold_out", "one_in_20", "none", True),
        ("hold_out", "none", "one_in_10", True),
        ("folder_splits", False, True, False),
        ("folder_splits", True, False, True),
    ],
)
def test_another_reading_than_the_runs_is_refused(
    run_dir, name, was, now, is_refused
):
    configs = [
        dataclasses.replace(
            CONFIG, data=dataclasses.replace(CONFIG.data, **{name: value})
        )
        for value in (was, now)
    ]
    folder.save_run_config(run_dir, configs[0])
    if is_refused:
        with pytest.raises(ValueError, match=f"{name} {was!r}.*now {now!r}"):
            folder.keep_recorded_data(run_dir, configs[1])
    else:
        kept = folder.keep_recorded_data(run_dir, configs[1])
        assert getattr(kept.data, name) == was


def test_a_file_is_no_folder_for_a_run(tmp_path):
    path = tmp_path / "run"
    path.touch()
    with pytest.raises(ValueError, match="is a file"):
        folder.check_run_dir(path, CONFIG)
    with pytest.raises(OSError, match="cannot be written .*run_dir"):
        folder.make_run_dir(path)


def test_making_a_folder_leaves_no_trace_of_the_attempt(tmp_path):
    folder.make_run_dir(tmp_path / "run")
    found = sorted(path.name for path in (tmp_path / "run").rglob("*"))
    assert found == ["checkpoints", "logs", "samples"]
