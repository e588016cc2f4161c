"""A run's curves are drawn as they are."""

import matplotlib.figure
import pytest

from dcgan_tf.images import load_png
from dcgan_tf.runs import curves, metrics

NAMES = ("d_loss", "g_loss", "d_real", "d_fake")


@pytest.fixture
def drawn(monkeypatch):
    """Every figure that is saved, to look into."""
    figures, savefig = [], matplotlib.figure.Figure.savefig

    def save(figure, *arguments, **options):
        figures.append(figure)
        return savefig(figure, *arguments, **options)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", save)
    return figures


@pytest.mark.parametrize("steps", [[10], [10, 20, 30]])
def test_curves_are_drawn(tmp_path, drawn, steps):
    writer = metrics.MetricsWriter(tmp_path, 0, NAMES)
    for step in steps:
        scalars = {name: i + step / 100 for i, name in enumerate(NAMES)}
        writer.write(step, {**scalars, "elapsed_seconds": float(step)})
    writer.close()
    curves.save_curves(tmp_path)
    (figure,) = drawn
    losses, outputs = figure.axes
    lines = [*losses.get_lines(), *outputs.get_lines()]
    assert [line.get_label() for line in lines] == [
        "D", "G", "real images", "generated images",
    ]  # fmt: skip
    for i, line in enumerate(lines):
        assert list(line.get_xdata()) == steps
        expected = [i + step / 100 for step in steps]
        assert list(line.get_ydata()) == pytest.approx(expected)
    assert outputs.get_ylim() == (0, 1) and outputs.get_xlabel() == "step"
    assert all(
        axes.get_legend() and axes.get_title("left")
        for axes in (losses, outputs)
    )
    picture = load_png(tmp_path / curves.CURVES_FILE)
    assert picture.shape[0] > 500 and picture.shape[1] > 800
