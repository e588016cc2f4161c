"""One peer in a process of its own, told what to do line by line.

    python -m peers.worker MODULE ARGUMENTS_AS_JSON

It builds the peer, answers `{}`, and then for each line with a count
runs so many steps and answers `{"seconds": ..., "peak_bytes": ...}`. What it
can't import, it answers as `{"missing": ...}`.
"""

import importlib
import json
import os
import resource
import sys
import time

from dcgan_tf.cli.command import import_tensorflow

# Every peer sees the same processors, and a GPU only where it is asked for.
if os.environ.get("BENCHMARK_DEVICE") != "gpu":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
# They share its memory while they take turns.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> None:
    # Libraries print to standard output; answers keep the real one.
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    module, arguments = sys.argv[1], json.loads(sys.argv[2])
    if not module.startswith("pytorch"):
        import_tensorflow()
    try:
        peer = importlib.import_module(f"peers.{module}")
    except ImportError as error:
        print(json.dumps({"missing": error.name}), file=answers)
        return
    run = peer.build(**arguments)
    print("{}", file=answers)
    for line in sys.stdin:
        start = time.perf_counter()
        run(int(line))
        seconds = time.perf_counter() - start
        # Linux counts in kilobytes.
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = {"seconds": seconds, "peak_bytes": peak}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
