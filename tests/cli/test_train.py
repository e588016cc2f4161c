"""`train.py` as a user runs it, good input and bad."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from dcgan_tf.cli import help_text, train

pytestmark = pytest.mark.usefixtures("few_digits")
ROOT = Path(__file__).parents[2]
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=16", "--strategy=one_device", "--precision=float32",
    "--steps=4", "--report_every=2", "--sample_every=2",
    "--checkpoint_every=2",
)  # fmt: skip


def run(capsys, *argv):
    code = train.main(list(argv))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def assert_one_line(errors, *parts):
    assert len(errors.strip().splitlines()) == 1, errors
    for part in parts:
        assert part in errors


def read_config(run_dir):
    return json.loads((Path(run_dir) / "config.json").read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("runs") / "finished"
    assert train.main([*TINY, f"--run_dir={run_dir}"]) == 0
    return run_dir


def test_a_run_leaves_what_the_readme_promises(finished):
    files = {str(p.relative_to(finished)) for p in finished.rglob("*")}
    assert {
        "config.json",
        "metrics.csv",
        "losses.png",
        "samples/step-0000002.png",
        "samples/step-0000004.png",
        "samples/samples.gif",
        "checkpoints/ckpt-2.index",
        "checkpoints/ckpt-4.index",
    } <= files
    assert any("tfevents" in name for name in files)
    config = json.loads((finished / "config.json").read_text())
    assert config["training"]["steps"] == 4
    assert config["precision"] == "float32"
    assert {"tensorflow", "keras", "dcgan_tf"} <= set(config["versions"])


def test_metrics_are_a_line_a_report(finished):
    lines = (finished / "metrics.csv").read_text().splitlines()
    names = lines[0].split(",")
    assert names[:2] == ["step", "elapsed_seconds"]
    assert {"d_loss", "g_loss", "d_real", "d_fake"} <= set(names)
    assert {"learning_rate", "images_per_second"} <= set(names)
    assert [line.split(",")[0] for line in lines[1:]] == ["2", "4"]


def load_discriminator(run_dir, checkpoint, name="discriminator"):
    """As it is in the checkpoint."""
    from dcgan_tf.models.discriminator import build_discriminator
    from dcgan_tf.runs import checkpoints, folder

    model = build_discriminator(folder.load_run_config(run_dir).model)
    checkpoints.restore(run_dir, {name: model}, checkpoint, partial=True)
    return model


def test_a_new_run_starts_from_anothers_networks(
    finished, tmp_path, capsys, monkeypatch
):
    """And records which, as an absolute path, whatever its name."""
    (tmp_path / "me@host").symlink_to(finished)
    monkeypatch.chdir(tmp_path)
    flags = (*TINY, "--run_dir=new", "--seed=9", "--learning_rate=1e-9")
    code, _, errors = run(capsys, *flags, "--init_from=me@host@2", "--steps=1")
    assert code == 0, errors
    # What is trained, not its average. At so low a rate nothing moves, so
    # these are still the old weights.
    new = load_discriminator(tmp_path / "new", "latest").get_weights()
    old = load_discriminator(finished, "2").get_weights()
    assert abs(new[0] - old[0]).max() < 1e-6
    expected = f"{tmp_path / 'me@host'}@2"
    assert read_config("new")["training"]["init_from"] == expected
    # On resume the record stays, without the flag too.
    code, _, errors = run(capsys, *flags, "--steps=2")
    assert code == 0, errors
    assert read_config("new")["training"]["init_from"] == expected


def test_features_have_averaged_weights_and_statistics_of_real_images(
    finished,
):
    from dcgan_tf.runs.trained_model import load_trained_model

    got = load_trained_model(finished).discriminator
    trained = load_discriminator(finished, "latest")
    averaged = load_discriminator(
        finished, "latest", name="averaged_discriminator"
    )
    for value, expected in zip(
        got.trainable_variables, averaged.trainable_variables, strict=True
    ):
        assert (value.numpy() == expected.numpy()).all()
    for other in (trained, averaged):
        pairs = zip(
            got.non_trainable_variables,
            other.non_trainable_variables,
            strict=True,
        )
        assert all((a.numpy() != b.numpy()).any() for a, b in pairs)
    weights = zip(got.weights, trained.weights, strict=True)
    assert any((a.numpy() != b.numpy()).any() for a, b in weights)


def test_learning_rate_and_steps_may_change_on_resume(
    finished, tmp_path, capsys
):
    import shutil

    run_dir = tmp_path / "copy"
    shutil.copytree(finished, run_dir)
    code, output, errors = run(
        capsys, *TINY, f"--run_dir={run_dir}", "--steps=6",
        "--learning_rate=0.001",
    )  # fmt: skip
    assert code == 0, errors
    assert "resuming from step 4" in output
    assert "learning rate 0.001 (was 0.0004)" in output
    rows = (run_dir / "metrics.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["2", "4", "6"]
    assert rows[-1].split(",")[rows[0].split(",").index("learning_rate")] == (
        "0.001"
    )


def copy_run(finished, tmp_path):
    import shutil

    return shutil.copytree(finished, tmp_path / "copy")


def test_what_does_not_make_another_run_may_change_and_is_told(
    finished, tmp_path, capsys, monkeypatch
):
    from dcgan_tf.kernels import precision

    monkeypatch.setattr(precision, "_has_native_bfloat16", lambda: True)
    run_dir = copy_run(finished, tmp_path)
    code, output, errors = run(
        capsys, *TINY, f"--run_dir={run_dir}", "--steps=5",
        "--strategy=mirrored", "--precision=auto", "--cache=off",
        "--keep_checkpoints=1", "--report_every=1", "--sample_every=1",
        "--checkpoint_every=1",
    )  # fmt: skip
    assert code == 0, errors
    for line in (
        "strategy mirrored (was one_device)",
        "precision mixed_bfloat16 (was float32)",
        "cache off (was auto)",
        "keep checkpoints 1 (was 3)",
        "report every 1 (was 2)",
        "sample every 1 (was 2)",
    ):
        assert line in output


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        (["--seed=9"], ["seed was 0, is now 9"]),
        (["--accumulate=2"], ["accumulate was 1, is now 2"]),
        (["--batch_norm=replica"], ["batch_norm was 'synchronised'"]),
        (["--dataset=toy_faces"], ["dataset was 'mnist_5k'"]),
        (["--beta_1=0.9", "--flip"], ["beta_1 was 0.5", "flip was False"]),
        (["--precision=mixed_float16"], ["float32", "mixed_float16"]),
        (["--conditional"], ["num_classes was 0, is now 10"]),
    ],
)
def test_what_makes_another_run_is_refused(
    argv, parts, finished, tmp_path, capsys, few_faces
):
    run_dir = copy_run(finished, tmp_path)
    before = (run_dir / "config.json").read_bytes()
    code, _, errors = run(
        capsys, *TINY, f"--run_dir={run_dir}", "--steps=5", *argv
    )
    assert code == 1
    assert_one_line(errors, *parts)
    assert (run_dir / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    "change, words",
    [
        ({"images": {}}, "its 'images' is not a fingerprint of images: {}"),
        ({"images": 5}, "its 'images' is not a fingerprint of images: 5"),
        ({"training": None}, "its section 'training' is None"),
        ({"model": []}, "its section 'model' is []"),
    ],
)
def test_a_damaged_record_is_named(change, words, finished, tmp_path, capsys):
    run_dir = copy_run(finished, tmp_path)
    path = run_dir / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    code, _, errors = run(capsys, *TINY, f"--run_dir={run_dir}", "--steps=5")
    assert code == 1
    assert_one_line(errors, "config.json", words, "restore it from a copy")


def save_images(folder, count, seed):
    import numpy as np
    import PIL.Image

    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        pixels = generator.integers(0, 256, (16, 16, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(folder / f"{number:04d}.png")


def test_a_run_knows_its_images(tmp_path, capsys, monkeypatch):
    """Two folders of one name, then fewer, then others under the old path."""
    monkeypatch.chdir(tmp_path)
    save_images(tmp_path / "cats" / "images", 40, seed=0)
    save_images(tmp_path / "dogs" / "images", 40, seed=1)
    few = [*TINY, "--steps=1"]
    for name in ("cats", "dogs"):
        code, output, errors = run(capsys, *few, f"--image_dir={name}/images")
        assert code == 0, errors
        assert "resuming" not in output
    assert "dogs" in output and "runs/images" in output
    assert len(list(Path("runs").iterdir())) == 2
    config = read_config("runs/images")
    assert config["data"]["image_dir"] == str(tmp_path / "cats" / "images")
    assert config["images"]["count"] == 40
    # A run folder that is named: others are refused.
    more = [*TINY, "--steps=2", "--run_dir=runs/images"]
    code, _, errors = run(capsys, *more, "--image_dir=dogs/images")
    assert code == 1
    assert_one_line(errors, "are others", "dogs/images")
    # The same elsewhere resume; so do fewer, if that is wanted.
    Path("cats").rename("felines")
    for path in sorted(Path("felines/images").iterdir())[:20]:
        path.unlink()
    code, _, errors = run(capsys, *more, "--image_dir=felines/images")
    assert code == 1
    assert_one_line(errors, "20 of the 40", "--allow_fewer_images")
    code, output, errors = run(
        capsys, *more, "--image_dir=felines/images", "--allow_fewer_images"
    )
    assert code == 0, errors
    assert "20 of the 40" in output
    assert read_config("runs/images")["images"]["count"] == 20


def test_a_run_that_is_being_trained_is_refused(finished, tmp_path, capsys):
    from dcgan_tf.runs.lock import RunLock

    run_dir = copy_run(finished, tmp_path)
    argv = (*TINY, f"--run_dir={run_dir}", "--steps=5")
    with RunLock(run_dir):
        code, _, errors = run(capsys, *argv)
    assert code == 1
    assert_one_line(errors, str(run_dir), f"process {os.getpid()} on")
    code, output, errors = run(capsys, *argv)
    assert code == 0, errors
    # What hasn't changed isn't told.
    assert "resuming from step 4" in output and "(was" not in output


def test_devices_that_come_too_late_are_told_in_a_line(tmp_path, capsys):
    code, _, errors = run(
        capsys, *TINY, "--strategy=mirrored", "--cpu_devices=3",
        f"--run_dir={tmp_path / 'run'}",
    )  # fmt: skip
    assert code == 1
    assert_one_line(errors, "3", "TensorFlow has started", "new process")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        (["--image_size=63"], ["63", "56 or 64"]),
        (["--image_size=wide"], ["wide", "HEIGHTxWIDTH"]),
        (["--dataset=mnist", "--image_dir=x"], ["not both"]),
        (["--steps=0"], ["steps is 0"]),
        (["--accumulate=0"], ["accumulate is 0"]),
        (["--accumulate=3"], ["3", "batch_size 32", "one of 1, 2, 4, 8"]),
        (["--batch_norm=none"], ["none", "synchronised", "replica"]),
        (["--steps=many"], ["steps", "many"]),
        (["--precision=half"], ["half", "float32"]),
        (["--no_such_flag=1"], ["no_such_flag"]),
        (["celeb_a"], ["celeb_a", "--name=value"]),
        (["--strategy=parameter_server"], ["parameter_server", "multi_worker"]),
        (["--tpu=x"], ["strategy 'tpu'"]),
        (["--image_dir=.", "--batch_size=0"], ["batch_size is 0", "1 or more"]),
        (["--cpu_devices=2"], ["cpu_devices 2", "'auto'", "'mirrored'"]),
        (
            ["--cpu_devices=2", "--strategy=one_device"],
            ["cpu_devices 2", "'one_device'", "'mirrored'", "leave it out"],
        ),
        (["--cpu_devices=-1", "--strategy=mirrored"], ["at least 1"]),
    ],
)  # fmt: skip
def test_bad_flags_are_usage_errors(argv, parts, tmp_path, capsys):
    run_dir = tmp_path / "run"
    code, _, errors = run(capsys, f"--run_dir={run_dir}", *argv)
    assert code == 2
    assert_one_line(errors, *parts)
    assert not run_dir.exists()


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        (["--dataset=mnits"], ["mnits", "mnist"]),
        (["--image_dir=/no/such/folder"], ["/no/such/folder"]),
        (["--batch_size=1001"], ["1001", "400"]),
        (["--init_from=/no/such/run"], ["/no/such/run"]),
    ],
)
def test_bad_data_ends_before_a_run_is_made(argv, parts, tmp_path, capsys):
    run_dir = tmp_path / "run"
    code, _, errors = run(capsys, *TINY, f"--run_dir={run_dir}", *argv)
    assert code == 1
    assert_one_line(errors, *parts)
    assert not run_dir.exists()


def test_checkpoints_without_their_record_are_safe(finished, tmp_path, capsys):
    run_dir = copy_run(finished, tmp_path)
    (run_dir / "config.json").unlink()
    before = sorted(run_dir.rglob("*"))
    code, _, errors = run(capsys, *TINY, f"--run_dir={run_dir}")
    assert code == 1
    assert_one_line(errors, str(run_dir), "config.json", "from a copy")
    assert sorted(run_dir.rglob("*")) == before


def test_other_files_in_the_run_folder_are_safe(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("do not touch")
    code, _, errors = run(capsys, *TINY, f"--run_dir={tmp_path}")
    assert code == 1
    assert_one_line(errors, str(tmp_path), "holds other files")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_run_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").touch()
    code, _, errors = run(capsys, *TINY, f"--run_dir={tmp_path / 'file/run'}")
    assert code == 1
    assert_one_line(errors, "cannot be written", "--run_dir")


def test_diverged_training_keeps_the_good_checkpoints(
    finished, tmp_path, capsys
):
    import shutil

    run_dir = tmp_path / "run"
    shutil.copytree(finished, run_dir)
    code, _, errors = run(
        capsys, *TINY, f"--run_dir={run_dir}", "--steps=20",
        "--learning_rate=1e30",
    )  # fmt: skip
    assert code == 1
    assert_one_line(errors, "diverged", "--init_from")
    assert sorted(
        p.name for p in (run_dir / "checkpoints").glob("*.index")
    ) == [
        "ckpt-2.index",
        "ckpt-4.index",
    ]


def test_training_that_diverges_at_once_names_no_checkpoint(tmp_path, capsys):
    code, _, errors = run(
        capsys, *TINY, f"--run_dir={tmp_path / 'run'}", "--report_every=1",
        "--steps=20", "--checkpoint_every=20", "--learning_rate=1e30",
    )  # fmt: skip
    assert code == 1
    assert_one_line(errors, "diverged", "No checkpoint was saved", "--run_dir")
    assert "--init_from" not in errors


def test_conditional_runs_train_on_labels(tmp_path, capsys):
    code, _, errors = run(
        capsys, *TINY, f"--run_dir={tmp_path / 'run'}", "--conditional"
    )
    assert code == 0, errors
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["model"]["num_classes"] == 10


@pytest.mark.slow
def test_an_error_is_one_line_in_a_process_of_its_own(tmp_path):
    """TensorFlow's start-up notices must not bury it."""
    result = subprocess.run(
        [sys.executable, "train.py", "--dataset=mnits",
         f"--run_dir={tmp_path / 'run'}"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"},
    )  # fmt: skip
    assert result.returncode == 1
    assert_one_line(result.stderr, "train.py: error:", "mnits")


def test_help_names_every_flag(capsys):
    code, output, _ = run(capsys, "--help")
    assert code == 0
    values = flags.FlagValues()
    train.define_flags(values)
    assert len(values) > 50
    for flag in values:
        assert help_text.format_flag(values[flag]) in output, flag


def test_importing_the_command_defines_no_flags():
    code = (
        "from absl import flags; before = set(flags.FLAGS); "
        "import dcgan_tf.cli.train; assert set(flags.FLAGS) == before; "
        "import sys; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
