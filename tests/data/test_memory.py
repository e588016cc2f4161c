"""What is free, in a container too, and what images may fill of it."""

import pytest

from dcgan_tf.data import memory


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    machine = memory.measure_available()
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert memory.measure_available() > machine / 2
    (tmp_path / "memory.max").write_text("5000\n")
    assert memory.measure_available() == 4000
    assert memory.measure_limit() == 2000


@pytest.mark.parametrize("num_bytes", [0, 500, 501])
def test_images_fit_into_half_of_what_is_free(monkeypatch, num_bytes):
    monkeypatch.setattr(memory, "measure_available", lambda: 1_001)
    assert memory.fits(num_bytes) == (num_bytes <= 500)
