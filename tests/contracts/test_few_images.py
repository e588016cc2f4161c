"""Folders of few images: measured, exported and named truthfully."""

import json
import shutil

import numpy as np
import pytest
from fixtures.tiny_run import make_pictures, make_run

import dcgan_tf
from dcgan_tf import presets
from dcgan_tf.cli import evaluate, train
from dcgan_tf.config import RunConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.discriminator_statistics import load_real_batches
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.runs.metrics import read_metrics

TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--strategy=one_device", "--precision=float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A run on 40 images, and a folder of 12 others."""
    folder = tmp_path_factory.mktemp("few")
    make_pictures(folder / "others", 12)
    return make_run(folder / "run", make_pictures(folder / "pictures", 40))


def run_evaluate(capsys, *argv):
    code = evaluate.main(list(argv))
    return code, *capsys.readouterr()


def load_result(run_dir):
    return json.loads((run_dir / "evaluation" / "1.json").read_text())


def test_40_images_are_measured_with_their_floor(few, tmp_path, capsys):
    run_dir = shutil.copytree(few, tmp_path / "run")
    argv = (f"--run_dir={run_dir}", "--num_samples=500")
    measures = "--measures=frechet,kernel,precision_recall,c2st,copying"
    code, out, errors = run_evaluate(capsys, *argv, measures)
    assert code == 0, errors
    result = load_result(run_dir)
    counts = result["counts"]
    assert counts["held_out"] >= 4
    # As many samples as the floor is of.
    assert counts["samples"] == counts["training"] == 40 - counts["held_out"]
    floor = result["measures"]["training"]["frechet"]
    assert 0 < floor < result["measures"]["samples"]["frechet"]
    assert "WARNING: " in out and "images are few" in out
    assert f"{floor:.4g} for the Fréchet distance" in out


@pytest.fixture(scope="module")
def evaluate_in_turn(few, tmp_path_factory):
    """Evaluates copies of a run, going on from where others have been."""
    folder = tmp_path_factory.mktemp("evaluated")
    done = {(): few}

    def evaluate_in_turn(evaluations):
        if evaluations not in done:
            *before, measures = evaluations
            run_dir = folder / "+".join(evaluations)
            shutil.copytree(evaluate_in_turn(tuple(before)), run_dir)
            code = evaluate.main(
                [
                    f"--run_dir={run_dir}", "--num_samples=20",
                    "--features=random", f"--measures={measures}",
                ]
            )  # fmt: skip
            assert code == 0
            done[evaluations] = run_dir
        return done[evaluations]

    return evaluate_in_turn


FEW, TOO_LARGE = "images are few: compare", "are too large by about as much as"
FRECHET = "for the Fréchet distance"


@pytest.mark.parametrize(
    ("evaluations", "said"),
    [
        (["kernel"], {FEW}),
        (["precision_recall,c2st"], {FEW}),
        (["sliced_wasserstein"], {FEW, TOO_LARGE}),
        (["frechet"], {FEW, TOO_LARGE, FRECHET}),
        (["copying"], set()),
        # Results of several are in one file, a warning of each kind.
        (["kernel", "frechet"], {FEW, TOO_LARGE, FRECHET}),
        (["frechet", "kernel"], {FEW, TOO_LARGE, FRECHET}),
        (["frechet", "sliced_wasserstein"], {FEW, TOO_LARGE, FRECHET}),
        (["sliced_wasserstein", "frechet"], {FEW, TOO_LARGE, FRECHET}),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_few_images_are_warned_of_by_what_was_measured(
    evaluate_in_turn, evaluations, said
):
    run_dir = evaluate_in_turn(tuple(evaluations))
    text = "\n".join(load_result(run_dir)["warnings"])
    assert {part for part in (FEW, TOO_LARGE, FRECHET) if part in text} == said
    assert text.count("few") == len(said - {FRECHET})


def test_a_run_that_held_nothing_out_is_measured_on_others(
    few, tmp_path, capsys
):
    run_dir = shutil.copytree(few, tmp_path / "run")
    path = run_dir / "config.json"
    record = json.loads(path.read_text())
    del record["data"]["hold_out"]  # As version 0.1.0 wrote it.
    path.write_text(json.dumps(record))
    argv = (f"--run_dir={run_dir}", "--measures=frechet,copying")
    code, _, errors = run_evaluate(capsys, *argv)
    assert code == 1 and "--held_out_dir" in errors.splitlines()[-1]
    others = few.parent / "others"
    code, out, errors = run_evaluate(capsys, *argv, f"--held_out_dir={others}")
    assert code == 0, errors
    result = load_result(run_dir)
    assert result["counts"]["held_out"] == 12
    assert result["counts"]["training"] == 40
    assert result["held_out_split"] == str(others) and str(others) in out
    assert result["measures"]["samples"]["frechet"] > 0
    own = few.parent / "pictures"
    code, _, errors = run_evaluate(capsys, *argv, f"--held_out_dir={own}")
    assert code == 1 and "trained on" in errors.splitlines()[-1]


def test_three_held_out_images_are_too_few_for_some_measures(
    few, tmp_path, write_pictures, capsys
):
    run_dir = shutil.copytree(few, tmp_path / "run")
    write_pictures(tmp_path / "three", [f"{i}.png" for i in range(3)], seed=9)
    argv = (f"--run_dir={run_dir}", f"--held_out_dir={tmp_path / 'three'}")
    measures = "--measures=frechet,precision_recall"
    code, _, errors = run_evaluate(capsys, *argv, measures)
    assert code == 1 and "drawing" not in errors
    assert "precision_recall takes at least 4" in errors.splitlines()[-1]
    code, _, errors = run_evaluate(capsys, *argv, "--measures=frechet")
    assert code == 0, errors
    # Not named, it is one of those that don't apply.
    code, out, errors = run_evaluate(capsys, *argv)
    assert code == 0, errors
    assert "there are 36 and 3: it is left out" in errors
    assert "frechet" in out and "recall  " not in out


@pytest.mark.parametrize("count", [2, 3])
def test_copies_of_very_few_images_are_looked_for(few, tmp_path, capsys, count):
    pictures = make_pictures(tmp_path / "pictures", count)
    run_dir = make_run(tmp_path / "run", pictures)
    argv = (f"--run_dir={run_dir}", "--measures=copying")
    others = f"--held_out_dir={few.parent / 'others'}"
    code, out, errors = run_evaluate(capsys, *argv, others)
    assert code == 0, errors
    assert "copying_pixels_memorized_fraction" in out
    assert (run_dir / "evaluation" / "1-neighbours.png").stat().st_size


@pytest.mark.parametrize(
    ("count", "flags", "message"),
    [
        (0, [], "holds no image"),
        (0, ["--eval_every=0"], "holds no image"),
        (1, ["--eval_every=1"], "has 1 image to evaluate on, and a distance"),
        (1, ["--patience=1", "--eval_every=1"], "or --eval_every=0"),
    ],
)
def test_other_images_of_no_use_stop_before_training(
    few, tmp_path, write_pictures, capsys, count, flags, message
):
    others = tmp_path / "others"
    others.mkdir()
    write_pictures(others, [f"{i}.png" for i in range(count)])
    argv = [*TINY, *flags, "--batch_size=4", "--steps=2"]
    argv += [f"--image_dir={few.parent / 'pictures'}"]
    argv += [f"--held_out_dir={others}", f"--run_dir={tmp_path / 'run'}"]
    assert train.main(argv) == 1
    errors = [t for t in capsys.readouterr().err.splitlines() if "error" in t]
    assert len(errors) == 1 and message in errors[0]
    assert str(others) in errors[0]
    assert not (tmp_path / "run").exists()


def test_a_program_may_name_a_folder_too(few, tmp_path):
    run_dir = shutil.copytree(few, tmp_path / "run")
    others = few.parent / "others"
    run = dcgan_tf.load(run_dir, held_out=others)
    result = run.evaluate(["frechet"], num_samples=20)
    assert result["counts"]["held_out"] == 12
    assert result["held_out_split"] == str(others)


def test_images_trained_on_are_never_held_out_later(few, tmp_path, capsys):
    """Of 12 images none are held out; of the 52 there are then, some are."""
    pictures = shutil.copytree(few.parent / "others", tmp_path / "pictures")
    run_dir = tmp_path / "run"
    argv = [*TINY, "--batch_size=4", f"--run_dir={run_dir}"]
    argv.append(f"--image_dir={pictures}")
    assert train.main([*argv, "--steps=1"]) == 0
    config = load_run_config(run_dir)
    assert config.data.hold_out == "none"
    # A run that has nothing to evaluate on is not.
    assert config.training.eval_every == 0
    for path in (few.parent / "pictures").iterdir():
        shutil.copy(path, pictures / f"more {path.name}")
    assert train.main([*argv, "--steps=2"]) == 0
    assert load_source(load_run_config(run_dir).data).num_examples == 52
    capsys.readouterr()
    code, _, errors = run_evaluate(capsys, f"--run_dir={run_dir}")
    assert code == 1 and "--held_out_dir" in errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("argv", "hold_out", "num_trained_on"),
    [
        # Only all of them fill a batch.
        (["--batch_size=40"], "none", 40),
        (["--batch_size=8", "--held_out_dir={others}"], "none", 40),
    ],
)
def test_a_new_run_holds_out_what_it_can(
    few, tmp_path, argv, hold_out, num_trained_on
):
    run_dir = tmp_path / "run"
    others = few.parent / "others"
    argv = [
        *TINY, *(arg.format(others=others) for arg in argv), "--steps=1",
        f"--image_dir={few.parent / 'pictures'}", f"--run_dir={run_dir}",
    ]  # fmt: skip
    assert train.main(argv) == 0
    data = load_run_config(run_dir).data
    assert data.hold_out == hold_out
    count = load_source(data).num_examples
    assert count == num_trained_on


@pytest.mark.parametrize(
    ("count", "expected"), [(1, 1), (61, 61), (130, 130), (201, 200)]
)
def test_statistics_are_of_images_counted_once(few, count, expected):
    """Not of 8 batches, whatever there is to fill them."""
    config: RunConfig = load_run_config(few)
    images = np.arange(count, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (count, 16, 16, 3))
    from dcgan_tf.data.source import build_array_source

    source = build_array_source("own", "train", images, np.full(count, -1))
    batches = load_real_batches(config, None, print, source)
    values = np.concatenate([batch[:, 0, 0, 0] for batch in batches])
    assert len(values) == len(np.unique(values)) == expected


def test_a_folder_keeps_its_best_checkpoint_unasked(
    few, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(presets, "_STEPS_BETWEEN_EVALUATIONS", 2)
    monkeypatch.setattr(presets, "_BATCH_OF_THESE", 16)
    run_dir = tmp_path / "run"

    def run(*argv):
        argv = [*TINY, *argv, f"--run_dir={run_dir}"]
        code = train.main([*argv, f"--image_dir={few.parent / 'pictures'}"])
        out, errors = capsys.readouterr()
        assert code == 0, errors
        return out

    # One checkpoint is the best without a look.
    size = "--batch_size=16"
    out = run(size, "--steps=1")
    assert "frechet" not in out and "fewer than 250 images" in out
    first, second = out.splitlines()[:2]
    assert first.startswith("Images: ") and " held out; 30 wide" in first
    assert second.startswith("Training: dcgan of 16x16 RGB, recipe ")
    assert "float32 on 1 CPU, into" in second
    assert load_run_config(run_dir).training.eval_every == 2
    out = run(size, "--steps=4")
    assert out.count(": frechet_random ") == 2 and "training images: " in out
    best = checkpoints.load_best(run_dir)
    assert best.step in (2, 4) and best.measure == "frechet_random"
    rows = [row for row in read_metrics(run_dir) if row["frechet_random"]]
    assert [row["step"] for row in rows] == ["2", "4"]
    assert len({row["frechet_random_floor"] for row in rows}) == 1
    # A run that was never evaluated stays so, as its settings say.
    path = run_dir / "config.json"
    record = json.loads(path.read_text())
    record["training"]["eval_every"] = 0
    path.write_text(json.dumps(record))
    assert "frechet" not in run(size, "--steps=6")
