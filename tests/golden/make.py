"""Makes what lies here. Runs with the package of version 0.1.0 alone.

    cd tests/golden && PYTHONPATH=/path/to/dcgan_tf-0.1.0 python make.py

See README.md. Commands run in this process, as `main(argv)`.
"""

import importlib
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import flags
from PIL import Image, ImageDraw

import dcgan_tf

COMMANDS = (
    "train", "sample", "export", "evaluate", "analyze", "client", "data",
    "dedup",
)  # fmt: skip
EXACT = ("--precision=float32", "--strategy=one_device", "--deterministic")
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--kernel_size=3", "--batch_size=16", "--report_every=1",
)  # fmt: skip
# What a run needs to go on is its settings and checkpoints.
LEFT_OUT = ("logs", "samples", "losses.png", "analysis")
# Name of the run: the flags that resume it for one more step.
RUNS = {
    "digits": (6, ("--sample_every=3", "--checkpoint_every=3", *TINY)),
    "conditional": (2, ("--conditional", "--ema_decay=0", *TINY)),
    "pictures": (
        2,
        (
            "--image_dir=pictures", *TINY, "--image_size=16x24",
            "--batch_size=4", "--flip", "--label_smoothing=0.1",
            "--ema_decay=0",
        ),
    ),
}  # fmt: skip
BAD = (
    ("train", "--nonsense"), ("train", "--steps=many"),
    ("train", "--image_size=5"), ("train", "--preset=none"),
    ("train", "pictures"), ("train", "--image_dir=nowhere"),
    ("train", "--dataset=nowhere"), ("train", "--help"),
    ("sample",), ("sample", "--run_dir=nowhere"),
    ("sample", "--run_dir=runs/digits", "--label=1"),
    ("sample", "--run_dir=runs/digits", "--checkpoint=7"),
    ("export", "--run_dir=nowhere"), ("export", "--formats=paper"),
    ("evaluate", "--run_dir=nowhere"), ("evaluate", "--compare", "one"),
    ("evaluate", "--measures=beauty"), ("analyze",), ("analyze", "clouds"),
    ("analyze", "walk"), ("analyze", "walk", "--run_dir=nowhere"),
    ("client", "--output=features.txt"), ("client", "nowhere.png"),
    ("data", "--image_dir=nowhere"), ("data", "--output=sheet.txt"),
    ("dedup", "--max_bits=16"), ("dedup", "--image_dir=nowhere"),
)  # fmt: skip


def run(command, *arguments, expected=0):
    module = importlib.import_module(f"dcgan_tf.cli.{command}")
    code = module.main([str(argument) for argument in arguments])
    assert code == expected, (command, arguments, code)


def draw_pictures(folder):
    """Twelve pictures of one shape each, 20 to 31 pixels wide."""
    folder.mkdir()
    for i in range(12):
        image = Image.new("RGB", (20 + i, 16 + i % 3), (20 * i, 80, 160))
        box = (3, 3, 9 + i, 12)
        draw = ImageDraw.Draw(image)
        (draw.ellipse if i % 2 else draw.rectangle)(box, fill=(255, 20 * i, 0))
        image.save(folder / f"{i:02d}.png")


def save_json(path, values):
    path.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")


def train(name, extra=0, run_dir=None):
    steps, arguments = RUNS[name]
    run(
        "train", *EXACT, *arguments, f"--steps={steps + extra}",
        f"--run_dir={run_dir or f'runs/{name}'}",
    )  # fmt: skip


def summarise_checkpoint(path):
    """Three sums of every variable, by its name in the checkpoint.

    The sum, the sum of magnitudes and a sum weighted by position.
    """
    reader = tf.train.load_checkpoint(str(path))
    sums = {}
    for name in reader.get_variable_to_shape_map():
        value = reader.get_tensor(name)
        if not isinstance(value, np.ndarray) or value.dtype != np.float32:
            continue
        flat = value.astype(np.float64).ravel()
        weights = np.cos(np.arange(flat.size))
        sums[name] = [flat.sum(), np.abs(flat).sum(), flat @ weights]
    return sums


def expect_resume(name):
    steps, _ = RUNS[name]
    copy = Path("scratch") / name
    shutil.copytree(f"runs/{name}", copy)
    train(name, 1, copy)
    lines = (copy / "metrics.csv").read_text().splitlines()
    metrics = dict(zip(lines[0].split(","), lines[-1].split(","), strict=True))
    return {
        "arguments": [*EXACT, *RUNS[name][1], f"--steps={steps + 1}"],
        "metrics": {
            key: float(metrics[key])
            for key in ("step", "d_loss", "g_loss", "d_real", "d_fake")
        },
        "checkpoint": summarise_checkpoint(
            copy / "checkpoints" / f"ckpt-{steps + 1}"
        ),
    }


def describe_flags():
    described = {}
    for command in COMMANDS:
        module = importlib.import_module(f"dcgan_tf.cli.{command}")
        values = flags.FlagValues()
        module.define_flags(values)
        described[command] = {
            name: {
                "type": values[name].flag_type(),
                "default": values[name].value,
                "values": getattr(values[name].parser, "enum_values", None),
            }
            for name in sorted(values)
        }
    evaluate = importlib.import_module("dcgan_tf.cli.evaluate")
    described["evaluate"]["measures"]["values"] = list(evaluate._MEASURES)
    export = importlib.import_module("dcgan_tf.cli.export")
    described["export"]["formats"]["values"] = list(export._FORMATS)
    return described


def describe_specs(specs):
    return {
        spec.name if name is None else name: [spec.dtype.name, list(spec.shape)]
        for name, spec in specs
    }


def describe_signatures(export):
    described = {}
    for model in ("generator", "discriminator_features"):
        loaded = tf.saved_model.load(str(export / model / "1"))
        described[model] = {
            name: {
                "inputs": describe_specs(
                    signature.structured_input_signature[1].items()
                ),
                "outputs": describe_specs(signature.structured_outputs.items()),
            }
            for name, signature in loaded.signatures.items()
        }
    return described


def make_export():
    run(
        "export", "--run_dir=runs/digits", "--export_dir=export",
        "--formats=saved_model,tflite",
    )  # fmt: skip
    export = Path("export")
    save_json(Path("signatures.json"), describe_signatures(export))
    loaded = tf.saved_model.load(str(export / "discriminator_features" / "1"))
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1))
    levels = images.astype(np.float32) / 127.5 - 1
    found = loaded.signatures["serving_default"](images=tf.constant(levels))
    np.savez_compressed(
        "expected/features.npz",
        images=images.astype(np.uint8),
        **{name: value.numpy() for name, value in found.items()},
    )
    run(
        "sample",
        "--export_dir=export",
        "--num=8",
        "--output=expected/export.png",
    )
    shutil.move(export / "tflite", "scratch/tflite")
    (export / "tflite" / "1").mkdir(parents=True)
    for name in ("generator_float32.tflite", "export.json"):
        shutil.copy(f"scratch/tflite/1/{name}", export / "tflite" / "1" / name)
    with tarfile.open("export.tar.xz", "w:xz") as archive:
        archive.add(export, "export")
    shutil.rmtree(export)


def describe_training_step():
    """The keys of the JSON that the benchmark of a step writes."""
    package = Path(dcgan_tf.__file__).parent
    script = package.parent / "benchmarks" / "training_step.py"
    path = Path("scratch/figures.json").resolve()
    subprocess.run(
        [sys.executable, script, "--smoke", f"--json={path}"], check=True
    )
    figures = json.loads(path.read_text())
    (rows,) = figures["tables"].values()
    return {"figures": sorted(figures), "row": sorted(rows[0])}


def main():
    assert dcgan_tf.__version__ == "0.1.0", dcgan_tf.__file__
    for made in ("pictures", "runs", "expected", "scratch"):
        shutil.rmtree(made, ignore_errors=True)
    Path("expected").mkdir()
    Path("scratch").mkdir()
    save_json(Path("flags.json"), describe_flags())
    save_json(Path("training_step.json"), describe_training_step())
    draw_pictures(Path("pictures"))
    for name in RUNS:
        train(name)
        for left_out in LEFT_OUT:
            path = Path("runs") / name / left_out
            shutil.rmtree(path) if path.is_dir() else path.unlink(True)
    run(
        "evaluate", "--run_dir=runs/digits", "--features=random",
        "--measures=frechet,kernel,precision_recall", "--num_samples=100",
    )  # fmt: skip
    for figure in Path("runs/digits/evaluation").glob("*.png"):
        figure.unlink()
    for name, arguments in {
        "digits": ("digits",),
        "digits_step_3": ("digits", "--checkpoint=3", "--seed=1"),
        "conditional": ("conditional",),
        "conditional_label_3": ("conditional", "--label=3"),
        "pictures": ("pictures",),
    }.items():
        run(
            "sample", f"--run_dir=runs/{arguments[0]}", *arguments[1:],
            "--num=8", f"--output=expected/{name}.png",
        )  # fmt: skip
    save_json(
        Path("expected/resume.json"),
        {name: expect_resume(name) for name in RUNS},
    )
    make_export()
    codes = []
    for command, *arguments in BAD:
        module = importlib.import_module(f"dcgan_tf.cli.{command}")
        codes.append([command, arguments, module.main(arguments)])
    Path("exit_codes.json").write_text(
        "".join(
            f"{'[' if i == 0 else ' '}{json.dumps(row)}"
            f"{',' if i + 1 < len(codes) else ']'}\n"
            for i, row in enumerate(codes)
        )
    )
    shutil.rmtree("scratch")


if __name__ == "__main__":
    sys.exit(main())
