"""A run's warnings: kept, cut on resume, and read whatever became of them."""

import pytest

from dcgan_tf.runs.training_warnings import (
    WARNINGS_FILE,
    add_warning,
    read_warnings,
    remove_later_warnings,
)

TEXT = 'losses, "exploded"; go back'


def test_warnings_are_kept_and_cut_back(tmp_path):
    remove_later_warnings(tmp_path, 0)
    for step in (50, 900, 100):
        add_warning(tmp_path, step, "divergence", TEXT)
    rows = read_warnings(tmp_path)
    assert [row["step"] for row in rows] == ["50", "100", "900"]
    assert rows[0] == {"step": "50", "kind": "divergence", "text": TEXT}
    remove_later_warnings(tmp_path, 100)
    assert [row["step"] for row in read_warnings(tmp_path)] == ["50", "100"]
    remove_later_warnings(tmp_path, 0)
    assert not (tmp_path / WARNINGS_FILE).exists()


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"\xff\xfe\x00garbage\n\n,,",
        b"step,kind\n5,divergence\n",
        b"\0" * 9,
    ],
)
def test_a_damaged_file_costs_its_warnings_alone(tmp_path, contents):
    (tmp_path / WARNINGS_FILE).write_bytes(contents)
    assert read_warnings(tmp_path) == []
    add_warning(tmp_path, 7, "collapse", TEXT)
    assert [row["step"] for row in read_warnings(tmp_path)] == ["7"]
