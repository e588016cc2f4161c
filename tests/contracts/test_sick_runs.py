"""Runs that go wrong say so while they train, and where one looks later."""

import csv

from tensorboard.backend.event_processing import event_accumulator

from dcgan_tf.cli import analyze, train

TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1000", "--sample_every=1000",
)  # fmt: skip


def test_a_run_that_explodes_says_so_everywhere(tmp_path, capsys):
    run_dir = tmp_path / "run"
    argv = [*TINY, "--learning_rate=1e6", f"--run_dir={run_dir}"]
    assert train.main([*argv, "--steps=52"]) == 0
    out, errors = capsys.readouterr()
    lines = [line for line in out.splitlines() if "divergence" in line]
    assert lines[0].startswith("WARNING: step 50: divergence: losses have")
    assert "--learning_rate" in lines[0]
    # Once as it was noticed, once after `Done`, and not as an error.
    assert len(lines) == 2 and out.splitlines()[-1] == lines[1]
    assert "divergence" not in errors
    with (run_dir / "warnings.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["step"], row["kind"]) == ("50", "divergence")
    with (run_dir / "metrics.csv").open(newline="") as file:
        (metrics,) = csv.DictReader(file)
    assert float(metrics["sample_contrast"]) > 0
    events = event_accumulator.EventAccumulator(str(run_dir / "logs"))
    events.Reload()
    assert "warnings" in events.PluginTagToContent("text")
    assert analyze.main(["report", f"--run_dir={run_dir}"]) == 0
    page = (run_dir / "report.html").read_text()
    assert 'href="#warnings"' in page and "losses have exploded" in page
