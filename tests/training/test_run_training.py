"""A run trained by the one call that `train.py` makes."""

import json

import numpy as np
import pytest
from fixtures import tiny_run

from dcgan_tf import api
from dcgan_tf.cli import train as cli_train
from dcgan_tf.data.source import build_array_source
from dcgan_tf.presets import choose_eval_every, resolve_run_config
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.metrics import read_metrics
from dcgan_tf.training import run_training as run_training_module
from dcgan_tf.training.run_training import run_training

TINY = {
    "image_size": (16, 16),
    "base_filters": 4,
    "latent_dim": 8,
    "batch_size": 4,
    "precision": "float32",
}


def make_source(seed=0, count=12, **names):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, 16, 16, 1), np.uint8)
    labels = np.arange(count) % 3
    return build_array_source("mine", "train", images, labels, **names)


def make_config(steps):
    return resolve_run_config({**TINY, "steps": steps})


def test_a_source_in_memory_is_trained_on(tmp_path, capsys):
    result = run_training(
        make_config(1),
        tmp_path / "run",
        source=make_source(label_names=("a", "b", "c")),
        conditional=True,
        note="said first",
    )
    assert capsys.readouterr().out.splitlines()[:1] == ["said first"]
    assert result.run_dir == tmp_path / "run"
    assert (result.training.step, result.is_chief) == (1, True)
    assert result.config.model.num_classes == 3
    record = json.loads((result.run_dir / "config.json").read_text())
    assert record["images"]["count"] == 12


def test_workers_wait_for_each_other_at_the_end(tmp_path, monkeypatch):
    """Who isn't the chief may load a run whose checkpoint isn't moved yet."""
    found = []
    monkeypatch.setattr(
        run_training_module.workers,
        "wait_for_all",
        lambda strategy: found.extend(checkpoints.list_steps(tmp_path)),
    )
    run_training(make_config(1), tmp_path, source=make_source())
    assert found == [1]


def test_a_run_of_version_0_1_0_is_resumed(tmp_path, capsys):
    run_training(make_config(1), tmp_path / "run", source=make_source())
    path = tmp_path / "run" / "config.json"
    record = json.loads(path.read_text())
    # What that version didn't write.
    del record["images"], record["training"]["init_from"]
    path.write_text(json.dumps(record))
    (tmp_path / "run" / ".lock").unlink()
    capsys.readouterr()
    result = run_training(
        make_config(2), tmp_path / "run", source=make_source(seed=1)
    )
    assert result.training.step == 2
    assert "0.1.0" in capsys.readouterr().out
    with pytest.raises(ValueError, match="are others"):
        run_training(make_config(3), tmp_path / "run", source=make_source())


def test_labels_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ValueError, match="no class labels"):
        run_training(
            make_config(1),
            tmp_path / "run",
            source=make_source(),
            conditional=True,
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("num_classes", "names", "conditional", "message"),
    [
        # Labels without a class trained networks of classes without labels.
        (2, "abc", False, "num_classes is 2, and mine has 3 classes"),
        (4, "abc", False, "num_classes is 4, and mine has 3 classes"),
        (2, "abc", True, "num_classes is 2, .* conditional=True takes"),
        (3, "", False, "no class labels .*; leave num_classes out"),
    ],
)
def test_classes_that_the_images_have_not_are_refused(
    tmp_path, num_classes, names, conditional, message
):
    source = make_source(label_names=tuple(names)) if names else make_source()
    config = resolve_run_config(
        {**TINY, "steps": 1, "num_classes": num_classes}
    )
    with pytest.raises(ValueError, match=message):
        run_training(config, tmp_path, source=source, conditional=conditional)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [0, -1])
def test_a_processor_is_split_into_one_device_or_more(tmp_path, count):
    with pytest.raises(ValueError, match=f"cpu_devices is {count}; .* 1"):
        run_training(make_config(1), tmp_path, cpu_devices=count)


def test_a_processor_is_not_split_beside_gpus(tmp_path, monkeypatch):
    """Training is on these, and would pass its parts over."""
    config = resolve_run_config({**TINY, "steps": 1, "strategy": "mirrored"})
    monkeypatch.setattr(
        run_training_module.tf.config, "list_physical_devices", lambda x: [x]
    )
    with pytest.raises(ValueError, match="cpu_devices 2 .*CUDA_VISIBLE"):
        run_training(config, tmp_path, cpu_devices=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("is_asked", "num_rows"), [(False, 0), (True, 1)])
def test_an_evaluation_that_is_asked_for_is_made(tmp_path, is_asked, num_rows):
    """A default of a folder gives way to few steps; a user's own did too."""
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    eval_every = choose_eval_every("image_folder", TINY["batch_size"])
    config = resolve_run_config(
        {
            **TINY,
            "image_dir": str(pictures),
            "steps": 1,
            "eval_every": eval_every,
        }
    )
    run_training(
        config,
        tmp_path / "run",
        build_evaluator=lambda *_: lambda generator: {"distance": 1.0},
        is_evaluation_asked=is_asked,
    )
    rows = [r for r in read_metrics(tmp_path / "run") if r.get("distance")]
    assert len(rows) == num_rows


@pytest.mark.parametrize("eval_every", [None, 7])
def test_who_gives_how_often_to_evaluate_asks_for_it(
    tmp_path, monkeypatch, eval_every
):
    asked = []

    def stop(*_, is_evaluation_asked, **kwargs):
        asked.append(is_evaluation_asked)
        raise ValueError("stopped")

    monkeypatch.setattr(run_training_module, "run_training", stop)
    monkeypatch.setattr(api, "run_training", stop)
    flags = [f"--eval_every={eval_every}"] * (eval_every is not None)
    assert cli_train.main([f"--run_dir={tmp_path / 'run'}", *flags]) == 1
    with pytest.raises(ValueError, match="stopped"):
        api.train("mnist_5k", tmp_path / "run", eval_every=eval_every)
    assert asked == [eval_every is not None] * 2


def test_classes_of_other_names_are_refused(tmp_path):
    """A folder's classes are numbered by name: renamed, they may swap."""

    def train(steps, *names):
        source = make_source(label_names=names)
        run_training(
            make_config(steps),
            tmp_path / "run",
            source=source,
            conditional=True,
        )

    train(1, "ant", "bee", "cat")
    train(2, "ant", "bee", "cat")
    with pytest.raises(ValueError, match="number 1 was 'bee', is now 'cat'"):
        train(3, "ant", "cat", "dog")


@pytest.mark.parametrize(("steps", "is_complete"), [(4, True), (6, False)])
def test_an_evaluation_that_a_death_prevented_comes_first(
    tmp_path, steps, is_complete
):
    """The checkpoint of a step is saved before the step is evaluated."""

    def run(steps, evaluator):
        training = {"steps": steps, "eval_every": 2, "keep_checkpoints": 9}
        return run_training(
            resolve_run_config({**TINY, **training}),
            tmp_path / "run",
            source=make_source(),
            build_evaluator=lambda *_: evaluator,
        ).training

    distances = iter([2.0])
    with pytest.raises(StopIteration):
        run(4, lambda _: {"distance": next(distances)})
    assert checkpoints.list_steps(tmp_path / "run") == [2, 4]
    assert checkpoints.find_best(tmp_path / "run") == 2
    distances = iter([1.0, 3.0])
    result = run(steps, lambda _: {"distance": next(distances)})
    assert (result.step, result.was_complete) == (steps, is_complete)
    assert checkpoints.find_best(tmp_path / "run") == 4
    rows = [row for row in read_metrics(tmp_path / "run") if row["distance"]]
    assert [row["step"] for row in rows] == [*map(str, range(2, steps + 1, 2))]
