"""Asks a TensorFlow Serving server for samples, or for features of images.

Without file names, draws samples by seed into a .png grid. With names of
JPEG or PNG files, writes their features, a row a file, to a .npy file.
"""

import math
import sys
from pathlib import Path

import numpy as np
from absl import flags

from dcgan_tf import scratch
from dcgan_tf.cli.command import UsageError, import_tensorflow, run_command
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.cli.paths import check_output, resolve_arguments
from dcgan_tf.counted import format_count
from dcgan_tf.seeds import SEEDS_PER_SEED, make_seeds
from dcgan_tf.serving.request_files import check_files

_PROTOCOLS = ("rest", "grpc")
_LARGEST_LABEL = 2**31 - 1  # Signatures take int32.
_LONGEST_SECONDS = 1e6  # A socket counts milliseconds in 32 bits.


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    options = {"flag_values": values}
    flags.DEFINE_string(
        "server", "127.0.0.1:8501",
        "HOST:PORT or http://HOST:PORT; gRPC is usually on 8500.",
        **options,
    )  # fmt: skip
    flags.DEFINE_enum("protocol", "rest", _PROTOCOLS, "How to ask.", **options)
    flags.DEFINE_integer(
        "num", 64, "Images to draw.", lower_bound=1, upper_bound=SEEDS_PER_SEED,
        **options,
    )  # fmt: skip
    define_seed(0, "Another one gives other samples.", values)
    flags.DEFINE_integer(
        "label", None, "Class to draw, by its number, of a conditional "
        "generator, which needs it. Default: none.",
        lower_bound=0, upper_bound=_LARGEST_LABEL, **options,
    )  # fmt: skip
    define_path(
        "output",
        None,
        "File to write. Default: samples.png, or features.npy.",
        values,
    )
    flags.DEFINE_integer(
        "batch_size", 16, "Images a request.", lower_bound=1, **options
    )
    flags.DEFINE_float(
        "timeout_seconds", 30.0, "Seconds to wait for each answer.",
        lower_bound=0.001, upper_bound=_LONGEST_SECONDS, **options,
    )  # fmt: skip


def run(values: flags.FlagValues) -> None:
    """Sends the requests and writes the answers."""
    files = resolve_arguments(values.positional)
    suffix = ".npy" if files else ".png"
    output = Path(values.output or ("features.npy" if files else "samples.png"))
    if output.suffix.lower() != suffix:
        what = "features go to a .npy" if files else "samples go to a .png"
        raise UsageError(f"--output={output}: {what} file")
    if math.isnan(values.timeout_seconds):  # Which passes a flag's bounds.
        raise UsageError("--timeout_seconds=nan: give a number of seconds")
    unused = [f for f in ("num", "seed", "label") if values[f].present]
    if files and unused:
        raise UsageError(
            f"--{unused[0]} is for drawing samples, and features of {files[0]} "
            "are asked for; leave one out"
        )
    check_files(files)
    check_output(output)
    import_tensorflow()
    from dcgan_tf.serving import client

    try:
        client.parse_address(values.server, values.protocol)
    except ValueError as error:
        raise UsageError(str(error)) from error
    predict = client.PROTOCOLS[values.protocol](
        values.server, values.timeout_seconds
    )
    if files:
        features = client.extract_features(predict, files, values.batch_size)
        with (
            scratch.new_folder(output.parent),
            scratch.tmp_file(output, features.nbytes) as partial,
        ):
            # By a handle: NumPy adds its suffix to other names.
            with partial.open("wb") as file:
                np.save(file, features)
        print(f"features {features.shape}: {output}")
    else:
        _save_samples(client, predict, values, output)


def _save_samples(client, predict, values, output: Path) -> None:
    from dcgan_tf import images

    seeds = make_seeds(values.seed, values.num)
    labels = None if values.label is None else [values.label] * values.num
    try:
        samples = client.sample_images(
            predict, seeds, labels, values.batch_size
        )
    except client.ServerError as error:
        # What every server says of an input that a signature has besides.
        if labels is None and "labels" in str(error):
            raise client.ServerError(
                f"{values.server} serves a conditional generator: say which "
                f"class to draw, such as --label=0 ({error})"
            ) from error
        raise
    images.save_png(output, images.make_grid(samples))
    print(f"{format_count(len(samples), 'sample')}: {output}")


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(
        "python -m dcgan_tf.cli.client",
        __doc__,
        define_flags,
        run,
        argv,
        positional="[IMAGE ...]",
    )


if __name__ == "__main__":
    sys.exit(main())
