"""Each benchmark runs from its command line, in its tiny mode."""

import json
import os
from pathlib import Path

import pytest
from fixtures import forked

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
KEYS_OF_TRAINING_STEP = (
    Path(__file__).parents[1] / "golden" / "training_step.json"
)


# Runs a benchmark whose peers or trainings are forks of it, instead of new
# interpreters that import TensorFlow once more. They are made before it starts
# anything of TensorFlow, and wait for what they are to run: what the module
# named starts by `subprocess`, in turn. In all else they are processes of
# their own; `worker_scaling.py` shows that peers can be started.
WAITING_FORKS = """
import importlib, json, os, runpy, sys, traceback, types

class Fork:
    def __init__(self):
        given, self._commands = os.pipe()
        self._output, output = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.dup2(given, 0)
            os.dup2(output, 1)
            os.closerange(3, 256)  # Of other forks too, or they never end.
            run()
        os.close(given)
        os.close(output)

    def start(self, command, cwd=".", **options):
        self.stdin = open(self._commands, "w")
        self.stdout = open(self._output)
        argv = [os.fspath(part) for part in command[1:] if part != "-u"]
        self.stdin.write(json.dumps([os.fspath(cwd), {**os.environ}, argv]))
        self.stdin.write("\\n")
        self.stdin.flush()
        return self

    def send_signal(self, number):
        os.kill(self.pid, number)

    def wait(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

def run():
    code = 1
    try:
        sys.stdin = open(0, closefd=False)
        sys.stdout = open(1, "w", buffering=1, closefd=False)
        line = sys.stdin.readline()
        if line:
            cwd, environment, sys.argv = json.loads(line)
            os.environ.update(environment)
            os.chdir(cwd)
            if sys.argv[0] == "-m":
                sys.argv.pop(0)
                sys.path.insert(0, cwd)
                runpy.run_module(sys.argv[0], run_name="__main__")
            else:
                sys.path.insert(0, os.path.dirname(sys.argv[0]))
                runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)

module, *sys.argv = sys.argv[1:]
waiting = iter([Fork() for _ in range(8)])
sys.path.insert(0, os.path.dirname(sys.argv[0]))
importlib.import_module(module).subprocess = types.SimpleNamespace(
    Popen=lambda command, **options: next(waiting).start(command, **options),
    PIPE=None,
)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
FORKED_PEERS = ("-c", WAITING_FORKS, "interleaved_timing")
FORKED_TRAININGS = ("-c", WAITING_FORKS, "comparisons.timed_training")


def run_smoke(name, tmp_path, *flags, prelude=()):
    """Returns what a benchmark printed and its JSON file."""
    json_path = tmp_path / "figures.json"
    result = forked.run(
        [
            *prelude,
            BENCHMARKS / name,
            "--smoke",
            f"--json={json_path}",
            *flags,
        ],
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout, json.loads(json_path.read_text())


@pytest.mark.slow
def test_training_step(tmp_path):
    printed, figures = run_smoke(
        "training_step.py", tmp_path, prelude=FORKED_PEERS
    )
    (rows,) = figures["tables"].values()
    # Others read this file: no key may go or be renamed.
    keys = json.loads(KEYS_OF_TRAINING_STEP.read_text())
    assert set(keys["figures"]) <= set(figures)
    assert all(set(keys["row"]) <= set(row) for row in rows)
    names = [row["contestant"] for row in rows]
    # PyTorch is there if it is installed.
    assert {"dcgan_tf", "Keras example, fit", "TensorFlow tutorial"} <= {*names}
    for row in rows:
        assert f"| {row['contestant']} |" in printed
        assert row["images_per_second"] > 0
        assert row["peak_bytes"] > 2**27
        assert 0 < row["limit_share"] < 1
        assert row["own_limit_share"] == row["limit_share"]  # In bfloat16.
    assert rows[0]["project_ratio"] == 1


def test_no_processor_is_timed_as_a_gpu(tmp_path):
    result = forked.run(
        [BENCHMARKS / "training_step.py", "--device=gpu"],
        cwd=tmp_path,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    assert result.returncode == 1
    assert result.stderr == (
        "training_step.py: error: TensorFlow finds no GPU here\n"
    )
    assert not result.stdout


@pytest.mark.slow
def test_generation(tmp_path):
    printed, figures = run_smoke(
        "generation.py", tmp_path, prelude=FORKED_PEERS
    )
    first, *_ = figures["figures"]
    assert first["generator"] == "dcgan_tf's SavedModel"
    assert first["images_per_second"] > 0
    assert f"| {first['generator']} |" in printed


@pytest.mark.slow
def test_lite_generation(tmp_path):
    pytest.importorskip(
        "ai_edge_litert", reason="needs LiteRT: pip install -e '.[lite]'"
    )
    printed, figures = run_smoke(
        "lite_generation.py", tmp_path, prelude=FORKED_PEERS
    )
    names = {f["generator"] for f in figures["figures"]}
    assert {"LiteRT, float32", "LiteRT, full_int8"} <= names
    assert {f["threads"] for f in figures["figures"]} == {1}
    for row in figures["figures"]:
        assert row["seconds_per_image"] > 0
        assert f"| {row['generator']} |" in printed


@pytest.mark.slow
def test_convolutions(tmp_path):
    _, figures = run_smoke("convolutions.py", tmp_path)
    ways = {(f["pass"], f["way"]) for f in figures["figures"]}
    assert len(ways) == 8
    assert ("forward", "im2col") in ways
    assert all(f["seconds"] > 0 for f in figures["figures"])


@pytest.mark.slow
def test_guidelines(tmp_path):
    printed, figures = run_smoke("ablate_guidelines.py", tmp_path)
    runs = {run["variant"]: run for run in figures["runs"]}
    assert len(runs) == 9
    # Same networks, data and seed: every edit must change what is trained,
    # if only in the second of two steps.
    distances = [run["frechet"] for run in runs.values()]
    assert all(distance > 0 for distance in distances)
    assert len(set(distances)) == len(runs)
    assert all(f"| {name} |" in printed for name in runs)


def test_probe_scale(tmp_path):
    printed, figures = run_smoke("probe_scale.py", tmp_path)
    assert figures["feature_bytes"] == 500 * 300 * 4
    assert figures["peak_bytes"] > figures["feature_bytes"]
    assert figures["elapsed_seconds"] > 0
    assert len(figures["training_accuracies"]) == 7
    assert "peak memory" in printed


@pytest.mark.slow
def test_input_pipeline(tmp_path):
    printed, figures = run_smoke("input_pipeline.py", tmp_path)
    assert len(figures["rates"]) == 8
    assert all(rate > 0 for rate in figures["rates"].values())
    assert all(f"| {name} |" in printed for name in figures["rates"])
    for row in figures["trainings"]:
        assert 0 < row["idle_fraction"] < 1
        assert row["ready_images_per_second"] > 0


@pytest.mark.slow
def test_training_memory(tmp_path):
    _, figures = run_smoke("training_memory.py", tmp_path, prelude=FORKED_PEERS)
    (row,) = figures["figures"]
    assert row["cache"] == "disk"
    assert all(peak > 2**27 for peak in row["peak_bytes"])


@pytest.mark.slow
def test_training_memory_of_parts(tmp_path):
    printed, figures = run_smoke(
        "training_memory.py",
        tmp_path,
        "--accumulate=2",
        prelude=FORKED_PEERS,
    )
    (row,) = figures["figures"]
    assert row["parts"] == 2 and "| 2 |" in printed
    assert row["peak_bytes"] >= row["built_bytes"] > 2**27
    assert row["imported_bytes"] > 2**27


@pytest.mark.slow
def test_near_duplicates(tmp_path):
    _, figures = run_smoke("near_duplicates.py", tmp_path)
    shares = {(r["collection"], r["max_bits"]): r for r in figures["rows"]}
    assert {name for name, _ in shares} == {"digits", "drawn faces"}
    for name, _ in shares:
        # More bits find more and mistake more.
        few, many = shares[name, 0], shares[name, 7]
        assert few["mistaken"] <= many["mistaken"]
        assert all(few["found"][c] <= many["found"][c] for c in few["found"])


@pytest.mark.slow
def test_scaling(tmp_path):
    printed, figures = run_smoke("scaling.py", tmp_path, prelude=FORKED_PEERS)
    (seconds,) = figures["seconds"].values()
    assert len(seconds) == 5
    assert all(s > 0 for rounds in seconds.values() for s in rounds)
    for name in ("one worker", "two workers", "all-reduces"):
        assert f"| {name} |" in printed


@pytest.mark.slow
@pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="each worker needs a core"
)
def test_worker_scaling(tmp_path):
    arguments = ("worker_scaling.py", tmp_path, "--scaling=weak")
    printed, figures = run_smoke(*arguments)
    (seconds,) = figures["seconds"].values()
    assert len(seconds) == 2
    assert all(s > 0 for rounds in seconds.values() for s in rounds)
    for name in seconds:
        assert f"| {name} |" in printed


@pytest.mark.slow
def test_memory_growth(tmp_path):
    printed, figures = run_smoke("memory_growth.py", tmp_path)
    assert all(size > 2**27 for size in figures["resident_bytes"].values())
    assert "MB |" in printed


@pytest.mark.parametrize("name", ["training_step.py", "generation.py"])
def test_help_says_what_it_does(name):
    result = forked.run([BENCHMARKS / name, "--help"])
    assert result.returncode == 0
    assert "beside" in result.stdout


@pytest.mark.slow
def test_family_step(tmp_path):
    name = "lapgan, 32 filters, digits"
    printed, figures = run_smoke(
        "family_step.py",
        tmp_path,
        f"--steps={name}",
        prelude=FORKED_PEERS,
    )
    (row,) = figures["rows"]
    assert row["milliseconds"] > 0 and row["plain_milliseconds"] > 0
    assert f"| {name} | {row['milliseconds']:.1f} |" in printed


@pytest.mark.slow
def test_families(tmp_path, write_pictures):
    write_pictures(tmp_path / "pictures", [f"{i}.png" for i in range(200)])
    flag = f"--image_dir={tmp_path / 'pictures'}"
    printed, figures = run_smoke(
        "families.py", tmp_path, flag, prelude=FORKED_TRAININGS
    )
    names = [run["variant"] for run in figures["runs"]]
    assert {name.split(",")[0] for name in names} == {"dcgan", "gan", "lapgan"}
    for run in figures["runs"]:
        assert printed.count(f"| {run['variant']} |") == 2
        assert run["images_per_second"] > 0 and run["parameters"] > 0
        for point in ("end", "equal_images"):
            assert run[point]["frechet"] > 0
    fewest = min(run["end"]["images"] for run in figures["runs"])
    assert all(
        run["equal_images"]["images"] < 2 * fewest + 1
        for run in figures["runs"]
    )
    assert (tmp_path / "families" / "samples-0.png").exists()
    for run in figures["runs"]:
        timing = json.loads(
            (tmp_path / run["run_dir"] / "timing.json").read_text()
        )
        assert timing["seconds"] > 0
        assert timing["images"] / timing["seconds"] == run["images_per_second"]
