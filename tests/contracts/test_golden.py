"""What version 0.1.0 left behind still works; see tests/golden/README.md."""

import importlib
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from fixtures import forked

from dcgan_tf import images as image_ops
from dcgan_tf.runs.trained_model import load_trained_model

GOLDEN = Path(__file__).parents[1] / "golden"
ROOT = GOLDEN.parents[1]
COMMANDS = json.loads((GOLDEN / "flags.json").read_text())
EXIT_CODES = json.loads((GOLDEN / "exit_codes.json").read_text())
# Views that `analyze` had; the list was no flag's.
VIEWS = (
    "filters", "guided_backprop", "maximal_activations", "deconvnet",
    "generator_features", "walk", "arithmetic", "turn", "forget", "claims",
    "report",
)  # fmt: skip
STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
# Float32 sums differ in their last digits between processors.
RELATIVE = 1e-4


def load_json(name):
    return json.loads((GOLDEN / name).read_text())


def run(command, *arguments):
    module = importlib.import_module(f"dcgan_tf.cli.{command}")
    return module.main([str(argument) for argument in arguments])


def assert_same_pixels(path, expected):
    """Equal to one grey level."""
    found = image_ops.load_png(path).astype(int)
    wanted = image_ops.load_png(GOLDEN / "expected" / expected).astype(int)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A copy of everything, which tests may add to."""
    folder = tmp_path_factory.mktemp("golden") / "old"
    shutil.copytree(GOLDEN, folder)
    with tarfile.open(folder / "export.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(autouse=True)
def in_its_folder(old, monkeypatch):
    """Settings name `pictures` as seen from there."""
    monkeypatch.chdir(old)


@pytest.mark.parametrize(
    "expected, arguments",
    [
        ("digits.png", ["--run_dir=runs/digits"]),
        (
            "digits_step_3.png",
            ["--run_dir=runs/digits", "--checkpoint=3", "--seed=1"],
        ),
        ("conditional.png", ["--run_dir=runs/conditional"]),
        (
            "conditional_label_3.png",
            ["--run_dir=runs/conditional", "--label=3"],
        ),
        ("pictures.png", ["--run_dir=runs/pictures"]),
        ("export.png", ["--export_dir=export"]),
    ],
)
def test_samples_have_the_same_pixels(tmp_path, expected, arguments):
    output = tmp_path / "samples.png"
    assert run("sample", *arguments, "--num=8", f"--output={output}") == 0
    assert_same_pixels(output, expected)


def test_a_run_is_one_trained_model_for_the_library():
    trained = load_trained_model("runs/digits")
    assert trained.step == 6
    seen = trained.sample_from_seeds(np.arange(8))
    grid = image_ops.make_grid(np.asarray(seen)).astype(int)
    wanted = image_ops.load_png(GOLDEN / "expected" / "digits.png")
    assert np.abs(grid - wanted).max() <= 1


def load_features():
    with np.load(GOLDEN / "expected" / "features.npz") as expected:
        return expected["images"], expected["features"], expected["logits"]


def extract(export_dir, version="1"):
    """Features and logits of the expected images, by an export's D."""
    images, *_ = load_features()
    path = export_dir / "discriminator_features" / version
    loaded = tf.saved_model.load(str(path))
    found = loaded.signatures["serving_default"](
        images=tf.constant(images.astype(np.float32) / 127.5 - 1)
    )
    return found["features"].numpy(), found["logits"].numpy()


def test_the_old_export_gives_its_features(old):
    _, features, logits = load_features()
    found = extract(old / "export")
    np.testing.assert_allclose(found[0], features, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1], logits, rtol=1e-4, atol=1e-5)


def test_the_old_lite_generator_draws_what_the_run_draws(old):
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="needs LiteRT"
    )
    path = old / "export" / "tflite" / "1" / "generator_float32.tflite"
    generator = litert.Interpreter(str(path)).get_signature_runner()
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 8))
    latents = latents.astype(np.float32)
    found = np.round(127.5 * (generator(latents=latents)["images"] + 1))
    expected = load_trained_model("runs/digits").generate(latents).astype(int)
    assert np.abs(found - expected).max() <= 1


@pytest.fixture(scope="module")
def new_export(old):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(old)
        assert run("export", "--run_dir=runs/digits", "--export_dir=new") == 0
    return old / "new"


def test_an_old_run_exports_the_same_networks(new_export, tmp_path):
    _, features, logits = load_features()
    found = extract(new_export)
    np.testing.assert_allclose(found[0], features, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found[1], logits, rtol=1e-3, atol=1e-3)
    output = tmp_path / "samples.png"
    arguments = (f"--export_dir={new_export}", "--num=8", f"--output={output}")
    assert run("sample", *arguments) == 0
    assert_same_pixels(output, "export.png")


def describe(specs):
    return {
        name: [spec.dtype.name, list(spec.shape)]
        for name, spec in specs.items()
    }


@pytest.mark.parametrize("model", ["generator", "discriminator_features"])
def test_exports_keep_their_signatures(new_export, model):
    loaded = tf.saved_model.load(str(new_export / model / "1"))
    for name, expected in load_json("signatures.json")[model].items():
        signature = loaded.signatures[name]
        inputs = signature.structured_input_signature[1]
        assert describe(inputs) == expected["inputs"]
        outputs = describe(signature.structured_outputs)
        # Another output hurts nobody; one that is gone or other does.
        assert expected["outputs"].items() <= outputs.items()


RESUME = """
import json, sys
from dcgan_tf.cli import train
codes = [train.main(arguments) for arguments in json.loads(sys.argv[1])]
print("codes", codes)
"""


@pytest.fixture(scope="module")
def resumed(old):
    """Every run, one step further: in one process, as determinism is for all.

    Returns what was printed.
    """
    shutil.copytree(old / "runs", old / "resumed")
    commands = [
        [*values["arguments"], f"--run_dir=resumed/{name}"]
        for name, values in load_json("expected/resume.json").items()
    ]
    done = forked.run(["-c", RESUME, json.dumps(commands)], cwd=old)
    assert f"codes {[0] * len(commands)}" in done.stdout, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", load_json("expected/resume.json"))
def test_runs_resume_as_they_would_have(old, resumed, name):
    expected = load_json("expected/resume.json")[name]
    folder = old / "resumed" / name
    lines = (folder / "metrics.csv").read_text().splitlines()
    found = dict(zip(lines[0].split(","), lines[-1].split(","), strict=True))
    for key, value in expected["metrics"].items():
        assert float(found[key]) == pytest.approx(value, rel=RELATIVE), key
    step = int(expected["metrics"]["step"])
    reader = tf.train.load_checkpoint(
        str(folder / "checkpoints" / f"ckpt-{step}")
    )
    for key, sums in expected["checkpoint"].items():
        flat = reader.get_tensor(key).astype(np.float64).ravel()
        weights = np.cos(np.arange(flat.size))
        seen = [flat.sum(), np.abs(flat).sum(), flat @ weights]
        # Of what the values add up to: their sum may be next to nothing.
        tolerance = RELATIVE * max(sums[1], 1e-6)
        np.testing.assert_allclose(seen, sums, atol=tolerance, err_msg=key)


def test_old_runs_measure_as_they_did(tmp_path):
    shutil.copytree("runs/digits", tmp_path / "digits")
    path = tmp_path / "digits" / "evaluation" / "6.json"
    before = json.loads(path.read_text())["measures"]
    arguments = ("--features=random", "--num_samples=100")
    code = run(
        "evaluate", f"--run_dir={tmp_path / 'digits'}", *arguments,
        "--measures=frechet,precision_recall",
    )  # fmt: skip
    assert code == 0
    after = json.loads(path.read_text())["measures"]
    for row, values in before.items():
        for key in ("frechet", "precision", "recall"):
            if key in values:
                assert after[row][key] == pytest.approx(
                    values[key], rel=1e-2, abs=0.02
                ), (row, key)


def test_an_old_evaluation_is_in_the_report(tmp_path):
    shutil.copytree("runs/digits", tmp_path / "digits")
    assert run("analyze", "report", f"--run_dir={tmp_path / 'digits'}") == 0
    page = (tmp_path / "digits" / "report.html").read_text("utf-8")
    assert "mnist_5k" in page
    assert "131.778" in page  # The Fréchet distance of its evaluation/6.json.


def test_old_runs_are_compared(tmp_path, capsys):
    for name in ("digits", "conditional"):
        shutil.copytree(f"runs/{name}", tmp_path / name)
    code = run(
        "evaluate", "--compare", tmp_path / "digits", tmp_path / "conditional",
        "--features=random", "--num_samples=50",
        "--measures=sliced_wasserstein",
    )  # fmt: skip
    assert code == 0
    table = capsys.readouterr().out
    assert "digits" in table and "conditional" in table


def test_an_old_export_is_evaluated(old, capsys):
    code = run(
        "evaluate", "--export_dir=export", "--features=random",
        "--num_samples=50", "--measures=frechet",
    )  # fmt: skip
    assert code == 0
    assert "frechet" in capsys.readouterr().out.lower()


def list_flags():
    for command, described in COMMANDS.items():
        for name, flag in described.items():
            if flag["type"] == "bool":
                yield command, f"--{name}"
                yield command, f"--no{name}"
                continue
            number = flag["default"] if flag["default"] is not None else 1
            example = {"int": number, "float": number}.get(flag["type"], "x")
            for value in flag["values"] or [example]:
                yield command, f"--{name}={value}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_and_value_is_still_taken(command):
    module = importlib.import_module(f"dcgan_tf.cli.{command}")
    arguments = [flag for name, flag in list_flags() if name == command]
    assert arguments
    for argument in arguments:
        values = flags.FlagValues()
        module.define_flags(values)
        assert values([command, argument]) == [command], argument


def list_values():
    """Values that only the commands themselves check."""
    nowhere = "--run_dir=nowhere"
    for measure in COMMANDS["evaluate"]["measures"]["values"]:
        yield "evaluate", f"--measures={measure}", nowhere
    for name in COMMANDS["export"]["formats"]["values"]:
        yield "export", f"--formats={name}", nowhere
    for view in VIEWS:
        yield "analyze", view, nowhere


@pytest.mark.parametrize("arguments", list_values(), ids=" ".join)
def test_values_in_lists_are_still_taken(arguments, capsys):
    assert run(*arguments) == 1
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies_are_still_named_so(strategy):
    train = importlib.import_module("dcgan_tf.cli.train")
    values = flags.FlagValues()
    train.define_flags(values)
    values(["train", f"--strategy={strategy}"])
    assert train.build_config(values).training.strategy == strategy


@pytest.mark.parametrize(
    "command, arguments, code",
    EXIT_CODES,
    ids=[" ".join([row[0], *row[1]]) for row in EXIT_CODES],
)
def test_failures_keep_their_exit_codes(command, arguments, code, capsys):
    assert run(command, *arguments) == code
    printed = capsys.readouterr()
    if code:
        # One line that says what is wrong.
        assert len(printed.err.splitlines()) == 1
        assert "error: " in printed.err
