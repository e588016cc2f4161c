"""Every kind of run goes through every command.

Each is trained once, for two steps, in this process, and what may differ
between some kinds alone is tried with these (see `DISTINCT`). Processes of
their own try each command once more at the end.
"""

import dataclasses
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from fixtures import fake_model_server, forked
from fixtures.errors import list_errors
from PIL import Image

from dcgan_tf.analysis.views import VIEWS
from dcgan_tf.cli import main
from dcgan_tf.images import lay_on_checks, load_png

pytestmark = pytest.mark.usefixtures("few_digits")
ROOT = Path(__file__).parents[2]
STEPS = 2
TINY = (
    "--base_filters=4", "--latent_dim=4", "--kernel_size=3",
    "--batch_size=4", "--strategy=one_device", "--report_every=1",
    f"--sample_every={STEPS}", f"--checkpoint_every={STEPS}",
)  # fmt: skip
SAMPLES = ("--num=4", "--seed=2")
# Those of a dcgan; the report is of every kind below.
DRAWN = [
    name
    for name, view in VIEWS.items()
    if view.family in (None, "dcgan") and name != "report"
]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of run.

    Attributes:
        data_flags: Of `train` and `data`; `{}` is the folder of inputs.
        flags: Of `train` alone.
        image_shape: What it draws.
        num_classes: Of a conditional one.
        num_images: That it trains on.
    """

    data_flags: tuple[str, ...]
    flags: tuple[str, ...]
    image_shape: tuple[int, int, int]
    num_classes: int = 0
    num_images: int = 12


FLOAT32 = "--precision=float32"
KINDS = {
    "digits": Kind(("--image_size=16",), (FLOAT32,), (16, 16, 1), 0, 400),
    "colour": Kind(
        ("--dataset=toy_faces", "--image_size=16"),
        (FLOAT32,),
        (16, 16, 3),
        0,
        300,
    ),
    "rectangular": Kind(
        (
            "--image_dir={}/sprites", "--image_size=16x32", "--channels=4",
            "--fit=pad",
        ),
        (FLOAT32, "--diff_augment"),
        (16, 32, 4),
    ),
    "conditional": Kind(
        ("--image_dir={}/sorted", "--image_size=16"),
        (FLOAT32, "--conditional"),
        (16, 16, 3),
        2,
    ),
    "float16": Kind(
        ("--image_dir={}/plain", "--image_size=16"),
        ("--precision=mixed_float16",),
        (16, 16, 3),
    ),
    "no_averages": Kind(
        ("--image_dir={}/plain", "--image_size=16"),
        (FLOAT32, "--ema_decay=0"),
        (16, 16, 3),
    ),
    "every_flag": Kind(
        (
            "--image_dir={}/many", "--image_size=16", "--channels=1",
            "--crop=17", "--background=#102030", "--fit=pad",
            "--exclude={}/exclude.txt", "--split=train",
        ),
        (
            FLOAT32, "--cache=disk", "--flip", "--diff_augment",
            "--label_smoothing=0.1", "--weight_decay=0.0001",
            "--learning_rate=0.001", "--beta_1=0.4", "--ema_decay=0.9",
            "--seed=3", "--keep_checkpoints=2", f"--eval_every={STEPS}",
        ),
        (16, 16, 1),
        0,
        950,
    ),
}  # fmt: skip
# What is saved and restored, drawn and exported is the same for other kinds:
# they differ in where images come from and in what happens to these.
DISTINCT = ("digits", "rectangular", "conditional", "float16", "no_averages")
# `test_resume` and `test_steps_and_parts` resume the others, to the bit.
RESUMED = ("rectangular", "float16", "no_averages", "every_flag")


def run(command, *arguments):
    module = importlib.import_module(f"dcgan_tf.cli.{command}")
    return module.main([str(argument) for argument in arguments])


def write_pictures(folder):
    """Twelve pictures, plain and sorted into two classes; and 1,001 small."""
    rng = np.random.default_rng(0)
    # From 1,000 on, some are held out.
    (folder / "many").mkdir(parents=True)
    for i in range(1_001):
        pixels = rng.integers(0, 256, (18, 18, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "many" / f"{i:03d}.png")
    for i in range(12):
        pixels = rng.integers(0, 120 + 10 * i, (20, 24 + i, 3), np.uint8)
        image = Image.fromarray(pixels)
        sprite = image.copy()
        sprite.putalpha(image.getchannel(0).point(lambda x: 3 * (x - 60)))
        (folder / "sprites").mkdir(exist_ok=True)
        sprite.save(folder / "sprites" / f"{i:02d}.png")
        for path in (
            folder / "plain" / f"{i:02d}.png",
            folder / "sorted" / ("cats", "dogs")[i % 2] / f"{i:02d}.png",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
    (folder / "exclude.txt").write_text("003.png\n")


@pytest.fixture(scope="module", autouse=True)
def small_data():
    """Few toy faces, real images and frames, however a command needs them."""
    from dcgan_tf.analysis import walk
    from dcgan_tf.cli import views
    from dcgan_tf.data import embedded

    with pytest.MonkeyPatch.context() as patch:
        few = {"train": (300, 0), "test": (50, 1)}
        patch.setattr(embedded, "_TOY_FACES", few)
        patch.setattr(views, "_NUM_REAL_IMAGES", 24)
        patch.setattr(walk, "_GIF_STEPS", 2)
        patch.setattr(walk, "SMOOTHNESS_STEPS", 4)
        yield


class Runs:
    """Trains each kind, exports it, and draws, when first asked for."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.inputs = folder / "inputs"
        self._models = {}
        write_pictures(self.inputs)

    def fill_in(self, arguments):
        return [text.replace("{}", str(self.inputs)) for text in arguments]

    def train_flags(self, name):
        kind = KINDS[name]
        return [*TINY, *self.fill_in(kind.data_flags), *kind.flags]

    def run_dir(self, name):
        run_dir = self.folder / "runs" / name
        if not run_dir.exists():
            flags = (*self.train_flags(name), f"--steps={STEPS}")
            assert run("train", *flags, f"--run_dir={run_dir}") == 0
        return run_dir

    def export_dir(self, name):
        export_dir = self.folder / "exports" / name
        if not export_dir.exists():
            flags = f"--run_dir={self.run_dir(name)}"
            assert run("export", flags, f"--export_dir={export_dir}") == 0
        return export_dir

    def models(self, name):
        """A server's of the export."""
        if name not in self._models:
            models = fake_model_server.Models(self.export_dir(name))
            self._models[name] = models
        return self._models[name]

    def draw_grid(self, name, is_export):
        """Draws `SAMPLES` from the run, or from its export; gives the file."""
        grid = self.folder / "grids" / f"{name}-{is_export}.png"
        if not grid.exists():
            flags = [*SAMPLES, f"--output={grid}"]
            if is_export:
                flags.append(f"--export_dir={self.export_dir(name)}")
            else:
                flags.append(f"--run_dir={self.run_dir(name)}")
            if KINDS[name].num_classes:
                flags.append("--label=dogs" if is_export else "--label=1")
            assert run("sample", *flags) == 0
        return grid


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return Runs(tmp_path_factory.mktemp("kinds"))


def read_metrics(run_dir):
    """The rows with losses; an evaluation's have none."""
    lines = (run_dir / "metrics.csv").read_text().splitlines()
    keys = lines[0].split(",")
    rows = [dict(zip(keys, x.split(","), strict=True)) for x in lines[1:]]
    return [row for row in rows if row["d_loss"]]


def grid_shape(image_shape, rows, columns):
    height, width, channels = image_shape
    shown = min(channels, 3)  # Transparent images lie on chequers.
    return (2 + rows * (height + 2), 2 + columns * (width + 2), shown)


@pytest.mark.parametrize("name", KINDS)
def test_training_leaves_a_run(runs, name):
    run_dir, kind = runs.run_dir(name), KINDS[name]
    rows = read_metrics(run_dir)
    assert [int(row["step"]) for row in rows] == [1, STEPS]
    losses = [float(row[key]) for row in rows for key in ("d_loss", "g_loss")]
    assert np.isfinite(losses).all()
    grid = load_png(run_dir / "samples" / f"step-{STEPS:07d}.png")
    # A row for each class, where there are any.
    rows = kind.num_classes or 8
    shape = grid_shape(kind.image_shape, rows, 8)
    assert grid.shape[::2] == shape[::2]
    # Their names stand beside the rows.
    assert (grid.shape[1] > shape[1]) == bool(kind.num_classes)
    config = json.loads((run_dir / "config.json").read_text())
    assert config["model"]["num_classes"] == kind.num_classes
    assert (run_dir / "samples" / "samples.gif").exists()
    assert (run_dir / "losses.png").exists()
    assert (run_dir / "checkpoints" / "best.json").exists() == (
        name == "every_flag"
    )


@pytest.mark.parametrize("name", RESUMED)
def test_runs_resume(runs, name, tmp_path):
    run_dir = tmp_path / "copy"
    shutil.copytree(runs.run_dir(name), run_dir)
    flags = (*runs.train_flags(name), f"--steps={STEPS + 1}")
    assert run("train", *flags, f"--run_dir={run_dir}") == 0
    steps = [int(row["step"]) for row in read_metrics(run_dir)]
    assert steps == [1, STEPS, STEPS + 1]
    checkpoints = {path.stem for path in (run_dir / "checkpoints").iterdir()}
    assert f"ckpt-{STEPS + 1}" in checkpoints


@pytest.mark.parametrize("name", DISTINCT)
def test_samples_are_a_grid_or_files(runs, name, tmp_path):
    run_dir, kind = runs.run_dir(name), KINDS[name]
    flags = [f"--run_dir={run_dir}", *SAMPLES]
    ending = ""
    if kind.num_classes:
        flags.append("--label=1")
        ending = "-class-1"
    folder = tmp_path / "files"
    assert run("sample", *flags, f"--output={folder}") == 0
    pixels = load_png(runs.draw_grid(name, is_export=False))
    assert pixels.shape[-1] == min(kind.image_shape[-1], 3)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"seed-{2_000_000 + i}{ending}.png" for i in range(4)]
    height, width, _ = kind.image_shape
    first = load_png(folder / names[0])
    assert first.shape == kind.image_shape
    first = lay_on_checks(first)
    np.testing.assert_array_equal(pixels[2 : 2 + height, 2 : 2 + width], first)


def test_labels_are_for_conditional_runs(runs, tmp_path, capsys):
    flags = [f"--output={tmp_path / 'grid.png'}", *SAMPLES]
    digits = f"--run_dir={runs.run_dir('digits')}"
    assert run("sample", *flags, "--label=0", digits) == 2
    conditional = f"--run_dir={runs.run_dir('conditional')}"
    assert run("sample", *flags, "--label=2", conditional) == 2
    assert "use 0 to 1" in capsys.readouterr().err
    assert run("sample", *flags, "--label=cat", conditional) == 2
    assert "--label=cat: use 0 to 1, or a name: cats" in capsys.readouterr().err
    pixels = [load_png(runs.draw_grid("conditional", is_export=False))]
    for label in ("dogs", "Dogs"):
        assert run("sample", *flags, f"--label={label}", conditional) == 0
        pixels.append(load_png(tmp_path / "grid.png"))
    np.testing.assert_array_equal(pixels[0], pixels[1])
    np.testing.assert_array_equal(pixels[0], pixels[2])


@pytest.mark.parametrize("name", KINDS)
def test_evaluation_measures_distances(runs, name, capsys):
    run_dir = runs.run_dir(name)
    code = run(
        "evaluate", f"--run_dir={run_dir}", "--features=random",
        "--measures=frechet", "--num_samples=10",
    )  # fmt: skip
    printed = capsys.readouterr()
    if KINDS[name].num_images == 12:
        assert code == 1 and "none are held out" in printed.err
        return
    assert code == 0, printed.err
    path = run_dir / "evaluation" / f"{STEPS}.json"
    measured = json.loads(path.read_text())["measures"]["samples"]
    assert measured["frechet"] > 0
    assert "frechet" in printed.out


@pytest.mark.parametrize("name", DISTINCT)
def test_exports_draw_what_their_runs_draw(runs, name):
    export_dir, kind = runs.export_dir(name), KINDS[name]
    record = json.loads((export_dir / "generator/1/export.json").read_text())
    classes = ["cats", "dogs"] if kind.num_classes else None
    assert record.get("classes") == classes
    grids = [
        load_png(runs.draw_grid(name, is_export)).astype(int)
        for is_export in (False, True)
    ]
    assert np.abs(grids[0] - grids[1]).max() <= 1
    features = export_dir / "discriminator_features" / "1"
    # A conditional D has no features of images alone.
    assert features.exists() == (not kind.num_classes)
    if features.exists():
        loaded = tf.saved_model.load(str(features))
        images = tf.zeros((2, *kind.image_shape))
        found = loaded.signatures["serving_default"](images=images)
        assert np.isfinite(found["features"]).all()


@pytest.mark.parametrize("name", ["digits", "conditional"])
@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_clients_draw_what_the_export_draws(runs, name, protocol, tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    label = ["--label=1"] if KINDS[name].num_classes else []
    output, serve = tmp_path / "client.png", f"serve_{protocol}"
    with getattr(fake_model_server, serve)(runs.models(name)) as address:
        code = run(
            "client", f"--server={address}", f"--protocol={protocol}", *label,
            *SAMPLES, f"--output={output}",
        )  # fmt: skip
    assert code == 0
    expected = load_png(runs.draw_grid(name, is_export=True))
    np.testing.assert_array_equal(load_png(output), expected)


@pytest.mark.parametrize("name", ["rectangular", "conditional"])
@pytest.mark.usefixtures("few_precisions")
def test_litert_files_and_the_page_are_made(runs, name, tmp_path, capsys):
    pytest.importorskip("ai_edge_litert", reason="needs the extra lite")
    flags = [f"--run_dir={runs.run_dir(name)}", f"--export_dir={tmp_path}"]
    assert run("export", *flags, "--formats=tflite") == 0
    files = {path.name for path in (tmp_path / "tflite" / "1").iterdir()}
    assert {"generator_float32.tflite", "export.json"} <= files
    has_features = "discriminator_features_float32.tflite" in files
    assert has_features == (not KINDS[name].num_classes)
    capsys.readouterr()
    code = run("export", *flags, "--formats=web")
    error = capsys.readouterr().err
    if "npm ci" in error:  # The page's runtime is not installed here.
        assert code == 1 and len(error.splitlines()) == 1
    else:
        assert code == 0
        # A number means one export, and LiteRT files have the first.
        assert (tmp_path / "web" / "2" / "index.html").exists()


def is_drawn(name, view):
    """Whether a kind of run has a view, and else what the refusal says."""
    if KINDS[name].num_classes:
        return "conditional"
    if view in ("forget", "claims"):
        return "toy_faces"
    return None


@pytest.mark.parametrize(
    "name, view",
    [
        *[("rectangular", view) for view in DRAWN],
        *[("conditional", view) for view in DRAWN],
        ("float16", "generator_features"),
        ("every_flag", "guided_backprop"),
    ],
)
def test_views_are_drawn_or_refused(runs, name, view, capsys):
    run_dir = runs.run_dir(name)
    flags = [f"--run_dir={run_dir}"]
    if num_groups := VIEWS[view].num_groups:
        picked = ["0,1,2", "3,4,5", "6,7,8"][:num_groups]
        flags.append(f"--pick={'/'.join(picked)}")
    code = run("analyze", view, *flags)
    printed = capsys.readouterr()
    refusal = is_drawn(name, view)
    if refusal:
        assert code in (1, 2) and refusal in printed.err
        assert len(list_errors(printed.err)) == 1
        return
    assert code == 0, printed.err
    path = run_dir / "analysis" / f"{view}.png"
    assert str(path) in printed.out
    lines = printed.out.splitlines()
    files = {line for line in lines if line.startswith(str(path.parent))}
    assert files == {str(path.with_name(x)) for x in VIEWS[view].pictures}
    assert np.ptp(load_png(path)) > 0


@pytest.mark.parametrize("name", KINDS)
def test_reports_show_the_run(runs, name):
    run_dir = runs.run_dir(name)
    assert run("analyze", "report", f"--run_dir={run_dir}") == 0
    page = (run_dir / "report.html").read_text("utf-8")
    height, width, _ = KINDS[name].image_shape
    assert f"{height}x{width} images of" in page
    assert f"Samples of step {STEPS}" in page


@pytest.mark.parametrize("name", KINDS)
def test_data_is_shown_as_training_sees_it(runs, name, tmp_path, capsys):
    kind, sheet = KINDS[name], tmp_path / "sheet.png"
    flags = runs.fill_in(kind.data_flags)
    assert run("data", *flags, f"--output={sheet}") == 0
    found = re.search(r": (\d+) images", capsys.readouterr().out)
    # Of the folder of many, about one in twenty is held out by its name.
    slack = 20 if kind.num_images == 950 else 0
    assert int(found[1]) == pytest.approx(kind.num_images, abs=slack)
    height, width, channels = kind.image_shape
    pixels = load_png(sheet)
    assert pixels.shape[-1] == min(channels, 3)
    assert (pixels.shape[0] - 2) % (height + 2) == 0
    assert (pixels.shape[1] - 2) % (width + 2) == 0


def call_python(argv, **options):
    """Starts a new interpreter, as users do."""
    return subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True, **options
    )


def call(runs, *command, start=forked.run):
    """Runs a process in the folder of all; returns what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [str(argument) for argument in command]
    done = start(argv, cwd=runs.folder, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_command_is_a_process(runs):
    """As users start them: by file, or by module.

    Those that import TensorFlow are forked, since `test_wheel`, `test_ends`
    and `test_no_home` start such ones anew.
    """
    runs.run_dir("every_flag")
    flags = (*runs.train_flags("no_averages"), "--steps=1", "--run_dir=run")
    assert "Done: 1 steps" in call(runs, ROOT / "train.py", *flags)
    flags = ("--run_dir=run", "--export_dir=export")
    printed = call(runs, ROOT / "export.py", *flags)
    assert "version 1 of step 1" in printed
    data_flags = runs.fill_in(KINDS["no_averages"].data_flags)
    others = (
        ("sample", "--run_dir=run", "--num=2", "--output=two.png"),
        (
            "evaluate", "--run_dir=runs/every_flag", "--features=random",
            "--measures=frechet", "--num_samples=10",
        ),
        ("analyze", "report", "--run_dir=run"),
        ("data", *data_flags, "--output=sheet.png"),
    )  # fmt: skip
    commands = {name for names in main.COMMANDS.values() for name in names}
    started = {"train", "export", "client", "dedup"}
    assert commands == started | {name for name, *_ in others}
    for command, *arguments in others:
        assert call(runs, "-m", f"dcgan_tf.cli.{command}", *arguments)
    models = fake_model_server.Models(runs.folder / "export")
    with fake_model_server.serve_rest(models) as address:
        printed = call(
            runs, "-m", "dcgan_tf.cli.client", f"--server={address}", "--num=2",
            "--output=client.png", start=call_python,
        )  # fmt: skip
    assert "2 samples" in printed
    help_text = call(
        runs, "-m", "dcgan_tf.cli.dedup", "--help", start=call_python
    )
    assert "--max_bits" in help_text
