"""The examples of docs/api.md, run in order on tiny networks."""

import re
from pathlib import Path

import matplotlib
import pytest

import dcgan_tf

pytestmark = pytest.mark.usefixtures("few_digits")
PAGE = Path(__file__).parents[2] / "docs" / "api.md"
# In place of what the page says, so that it takes seconds.
TINY = {
    "base_filters": 4,
    "steps": 2,
    "batch_size": 8,
    "image_size": 16,
    "precision": "float32",
    "strategy": "one_device",
}


def test_the_examples_run_as_they_are_written(
    tmp_path, monkeypatch, write_pictures
):
    real_train = dcgan_tf.train

    def train_briefly(images, run_dir, **settings):
        return real_train(images, run_dir, **{**settings, **TINY})

    monkeypatch.setattr(dcgan_tf, "train", train_briefly)
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    cats = tmp_path / "images" / "cats"
    write_pictures(cats, [f"{i}.png" for i in range(12)])
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert len(examples) > 10
    names = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    for name in ("samples.png", "walk.gif", "losses.png", "generator.keras"):
        assert (tmp_path / name).is_file(), name
    assert names["served"].is_export
    assert names["images"].shape == (16, 16, 16, 1)


def test_every_public_name_is_on_the_page():
    page = PAGE.read_text("utf-8")
    members = [name for name in vars(dcgan_tf.Run) if not name.startswith("_")]
    functions = [name for name in dcgan_tf.__all__ if name != "__version__"]
    for name in [*functions, *members]:
        if name != "is_export":
            assert re.search(rf"\b{name}\b", page), name
