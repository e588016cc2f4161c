import re

import pytest
from tensorboard.backend.event_processing.plugin_event_accumulator import (
    EventAccumulator,
)

from dcgan_tf.runs import curves, metrics

NAMES = ("d_loss", "g_loss", "d_real", "d_fake")


def write_steps(run_dir, start, steps, names=NAMES):
    writer = metrics.MetricsWriter(run_dir, start, names)
    for step in steps:
        scalars = {name: step / 10 for name in names}
        writer.write(step, {**scalars, "elapsed_seconds": float(step)})
    writer.close()


def steps_of(run_dir):
    return [int(row["step"]) for row in metrics.read_metrics(run_dir)]


def test_going_on_cuts_what_came_after_the_checkpoint(tmp_path):
    write_steps(tmp_path, 0, [10, 20, 30])
    write_steps(tmp_path, 20, [25, 35])
    assert steps_of(tmp_path) == [10, 20, 25, 35]


def test_time_resumes_from_the_last_row(tmp_path):
    write_steps(tmp_path, 0, [10, 20])
    writer = metrics.MetricsWriter(tmp_path, 20, NAMES)
    assert writer.elapsed_seconds == 20.0


def test_a_half_written_line_is_left_out(tmp_path):
    write_steps(tmp_path, 0, [10, 20])
    path = tmp_path / metrics.METRICS_FILE
    path.write_text(path.read_text() + "30,3")
    assert steps_of(tmp_path) == [10, 20]


def test_a_new_measure_gets_a_column_and_old_ones_stay(tmp_path):
    write_steps(tmp_path, 0, [10])
    write_steps(tmp_path, 10, [20], (*NAMES, "distance"))
    write_steps(tmp_path, 20, [30])
    rows = metrics.read_metrics(tmp_path)
    assert [row["distance"] for row in rows] == ["", "2", ""]


def test_an_evaluations_measures_get_columns_as_they_come(tmp_path):
    writer = metrics.MetricsWriter(tmp_path, 0, NAMES)
    losses = dict.fromkeys(NAMES, 0.5)
    writer.write(10, {**losses, "elapsed_seconds": 1.0})
    writer.write(10, {"distance": 7.0, "elapsed_seconds": 2.0})
    writer.write(20, {**losses, "elapsed_seconds": 3.0})
    writer.close()
    rows = metrics.read_metrics(tmp_path)
    assert [row["distance"] for row in rows] == ["", "7", ""]
    assert [row["d_loss"] for row in rows] == ["0.5", "", "0.5"]
    curves.save_curves(tmp_path)
    assert (tmp_path / curves.CURVES_FILE).exists()


def test_tensorboard_forgets_what_came_after_the_checkpoint(tmp_path):
    write_steps(tmp_path, 0, [10, 20, 30])
    # TensorBoard reads event files by name, which has whole seconds in it.
    for path in (tmp_path / metrics.LOGS_DIR).iterdir():
        prefix, seconds, rest = re.split(r"(?<=tfevents\.)(\d+)", path.name)
        path.rename(path.with_name(f"{prefix}{int(seconds) - 2}{rest}"))
    write_steps(tmp_path, 20, [25, 35])
    events = EventAccumulator(str(tmp_path / metrics.LOGS_DIR))
    events.Reload()
    assert set(NAMES) <= set(events.Tags()["tensors"])
    assert [event.step for event in events.Tensors("d_loss")] == [
        10,
        20,
        25,
        35,
    ]


def as_a_spreadsheet_saves_it(text):
    """With semicolons and decimal commas, where those are the custom."""
    return text.replace(",", ";").replace(".", ",")


SAVED_BY_OTHERS = {
    "semicolons": lambda s: as_a_spreadsheet_saves_it(s).encode(),
    "byte-order mark": lambda s: s.encode("utf-8-sig"),
    "both": lambda s: as_a_spreadsheet_saves_it(s).encode("utf-8-sig"),
    "utf-16 with tabs": lambda s: s.replace(",", "\t").encode("utf-16"),
    "semicolons, points": lambda s: s.replace(",", ";").encode(),
    "tabs": lambda s: s.replace(",", "\t").encode(),
}


@pytest.mark.parametrize(
    "save", SAVED_BY_OTHERS.values(), ids=SAVED_BY_OTHERS.keys()
)
def test_what_a_spreadsheet_saved_is_read_and_kept(tmp_path, save):
    write_steps(tmp_path, 0, [10, 25])
    path = tmp_path / metrics.METRICS_FILE
    expected = metrics.read_metrics(tmp_path)
    theirs = save(path.read_bytes().decode())
    path.write_bytes(theirs)
    assert metrics.read_metrics(tmp_path) == expected
    curves.save_curves(tmp_path)
    lines = []
    writer = metrics.MetricsWriter(tmp_path, 25, NAMES, lines.append)
    writer.write(30, {**dict.fromkeys(NAMES, 0.5), "elapsed_seconds": 31.0})
    writer.close()
    assert writer.elapsed_seconds == 25.0
    assert steps_of(tmp_path) == [10, 25, 30]
    (line,) = lines
    assert str(path) in line and "metrics.csv.bak" in line
    assert (tmp_path / "metrics.csv.bak").read_bytes() == theirs


UNREADABLE = {
    "no step": b"when,d_loss\n10,0.5\n",
    "zeros": bytes(200),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_set_aside_with_a_line(tmp_path, data, caplog):
    path = tmp_path / metrics.METRICS_FILE
    path.write_bytes(data)
    (tmp_path / "metrics.csv.bak").write_text("an earlier one")
    assert metrics.read_metrics(tmp_path) == []
    assert str(path) in caplog.text
    lines = []
    metrics.MetricsWriter(tmp_path, 10, NAMES, lines.append).close()
    assert len(lines) == 1 and "metrics.csv.bak2" in lines[0]
    assert (tmp_path / "metrics.csv.bak2").read_bytes() == data
    assert (tmp_path / "metrics.csv.bak").read_text() == "an earlier one"
    write_steps(tmp_path, 10, [20])
    assert steps_of(tmp_path) == [20]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "step,elapsed_seconds,d_loss\n",
        "step,d_loss\n10,0.5\n",
        "step,elapsed_seconds\n10,5\n",
        "step,elapsed_seconds,d_loss,g_loss\n10,soon,May 12,0.5\n",
        "step,elapsed_seconds,d_loss\n10,5,0.5,my note\n",
        "note,step,elapsed_seconds,d_loss\nbest,10,5,0.5\n",
    ],
)
def test_an_edited_file_ends_nothing(tmp_path, text):
    path = tmp_path / metrics.METRICS_FILE
    path.write_text(text)
    curves.save_curves(tmp_path)
    write_steps(tmp_path, 10, [20])
    assert steps_of(tmp_path)[-1] == 20
    curves.save_curves(tmp_path)
    assert (tmp_path / curves.CURVES_FILE).exists()
