"""An Apache Beam pipeline that groups a collection's near-duplicates.

The same pipeline runs on one machine and on Flink, Spark or Dataflow.
"""

import builtins
import contextlib
import json
import logging
import os
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import numpy as np
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions

from dcgan_tf import failures, scratch
from dcgan_tf.config import DataConfig
from dcgan_tf.data.dedup.codes import (
    THUMBNAIL,
    Encoder,
    choose_groups,
    find_close_pairs,
    split_into_bands,
)
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.preprocess.prepare import prepare_image

_RANGE = 2_000
_BATCH = 256
# `OSError: [Errno 5] Input/output error [while running 'Compute codes']`.
_WORKER_ERROR = re.compile(
    r"^(?P<kind>\w+): (?P<reason>.*) \[while running", re.MULTILINE
)


def find_duplicates(
    data: DataConfig,
    split: str | None,
    num_examples: int,
    encoder: Encoder,
    max_bits: int,
    runner: str = "DirectRunner",
    options: Sequence[str] = (),
    work_dir: str | None = None,
) -> list[list[int]]:
    """Finds groups of images whose codes are at most `max_bits` apart.

    Args:
        data: The collection; workers open it themselves.
        split: Which part of it.
        num_examples: Its length.
        encoder: From `train_encoder`.
        max_bits: 0 groups equal codes, in linear time.
        runner: Beam's name of what runs the pipeline.
        options: The runner's own, as `--name=value`.
        work_dir: A folder that all workers can write to, for results while
            the pipeline runs; None for one on this machine.

    Returns:
        Groups of positions: the kept one, then those to drop.

    Raises:
        DiskFullError: If there is no room for results in `work_dir`.
        FileTooLargeError: If it takes no files as large as they are.
        OSError: If images can't be read.
    """
    pipeline_options = PipelineOptions(
        list(options), runner=runner, save_main_session=False
    )
    with contextlib.ExitStack() as stack:
        parent = work_dir or stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(scratch.new_folder(parent))
        # A folder of this run's own: what an earlier one left is not read.
        results_dir = stack.enter_context(
            scratch.tmp_dir(os.path.abspath(parent))
        )
        with (
            _errors_named(results_dir),
            beam.Pipeline(options=pipeline_options) as pipeline,
        ):
            _build(
                pipeline,
                data,
                split,
                num_examples,
                encoder,
                max_bits,
                str(results_dir),
            )
        members = {
            bytes.fromhex(code): positions
            for code, positions in _read_lines(results_dir, "members")
        }
        pairs = {
            (bytes.fromhex(first), bytes.fromhex(second))
            for first, second in _read_lines(results_dir, "pairs")
        }
    return choose_groups(members, sorted(pairs))


@contextlib.contextmanager
def _errors_named(results_dir: Path) -> Iterator[None]:
    """Turns what Beam raises for a worker's error into one in one line.

    Beam makes a RuntimeError of any, and logs the worker's traceback besides.
    """
    logger = logging.getLogger("apache_beam.runners")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    except failures.FileTooLargeError as error:
        text = failures.describe_too_large(results_dir.parent)
        raise failures.FileTooLargeError(text) from error
    except (RuntimeError, failures.DiskFullError) as error:
        found = _WORKER_ERROR.search(str(error))
        if isinstance(error, failures.DiskFullError) or (
            found and failures.names_full_disk(found["reason"])
        ):
            text = failures.describe_full_disk(results_dir.parent)
            raise failures.DiskFullError(text) from error
        kind = getattr(builtins, found["kind"], None) if found else None
        if not (isinstance(kind, type) and issubclass(kind, OSError)):
            raise
        # The files of results are gone by now.
        reason = re.sub(
            rf"{re.escape(str(results_dir))}[^']*",
            lambda _: str(results_dir.parent),
            found["reason"],
        )
        raise OSError(f"finding near-duplicates failed: {reason}") from error
    finally:
        logger.setLevel(level)


def _build(pipeline, data, split, num_examples, encoder, max_bits, results_dir):
    ranges = [
        (start, min(start + _RANGE, num_examples))
        for start in range(0, num_examples, _RANGE)
    ]
    coded = (
        pipeline
        | "Ranges" >> beam.Create(ranges)
        | "Spread" >> beam.Reshuffle()
        | "Encode" >> beam.ParDo(_Encode(data, split, encoder))
        | "Equal codes" >> beam.GroupByKey()
        | "List" >> beam.MapTuple(lambda code, found: (code, sorted(found)))
    )
    pairs = (
        coded
        | "Bands" >> beam.FlatMap(_key_by_bands, max_bits)
        | "Equal bands" >> beam.GroupByKey()
        | "Compare" >> beam.FlatMap(_compare, max_bits)
        | "Once" >> beam.Distinct()
    )
    paired = pairs | "Paired" >> beam.FlatMap(
        lambda pair: [(code, True) for code in pair]
    )
    members = (
        {"found": coded, "paired": paired}
        | "Join" >> beam.CoGroupByKey()
        | "Only groups" >> beam.FlatMap(_keep_groups)
    )
    _write(members, results_dir, "members")
    _write(
        pairs | beam.MapTuple(lambda a, b: (a.hex(), b.hex())),
        results_dir,
        "pairs",
    )


class _Encode(beam.DoFn):
    """Reads the images of a range of positions and codes them."""

    def __init__(self, data: DataConfig, split: str | None, encoder: Encoder):
        self._data = data
        self._split = split
        self._encoder = encoder

    def setup(self):
        self._source = load_source(self._data, self._split)

    def process(self, span: tuple[int, int]) -> Iterator[tuple[bytes, int]]:
        dataset = self._source.read(tf.data.Dataset.range(*span))
        dataset = dataset.map(
            lambda image, _: prepare_image(image, THUMBNAIL, self._data),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        position = span[0]
        for images in dataset.batch(_BATCH).as_numpy_iterator():
            for code in self._encoder.encode(images):
                # What stands in for an unreadable image is no duplicate.
                name = self._source.name_of(position)
                if name not in self._source.skipped.reasons:
                    yield code.tobytes(), position
                position += 1


def _key_by_bands(coded: tuple[bytes, Sequence[int]], max_bits: int):
    code, _ = coded
    if max_bits:
        for band in split_into_bands(code, max_bits):
            yield band, code


def _compare(band: tuple[object, Iterable[bytes]], max_bits: int):
    _, codes = band
    return find_close_pairs(list(codes), max_bits)


def _keep_groups(
    element: tuple[bytes, dict],
) -> Iterator[tuple[str, list[int]]]:
    """Passes on the codes of several images or with another one near."""
    code, joined = element
    (positions,) = joined["found"]
    if len(positions) > 1 or any(joined["paired"]):
        yield code.hex(), [int(position) for position in positions]


class _WriteLines(beam.DoFn):
    """Writes each bundle as a file of JSON lines, atomically.

    Beam's own text sink takes the folder's name for a pattern, and fails
    where it holds a bracket. A bundle that is done again gives a second file
    with the same lines, which the reader's dictionary and set make one of.
    """

    def __init__(self, results_dir: str, name: str):
        self._prefix = os.path.join(results_dir, name)

    def start_bundle(self):
        self._lines = []

    def process(self, element) -> None:
        self._lines.append(json.dumps(element) + "\n")

    def finish_bundle(self) -> None:
        if not self._lines:
            return
        path = f"{self._prefix}-{uuid.uuid4().hex}"
        scratch.save_text(f"{path}.jsonl", "".join(self._lines))


def _write(lines, results_dir: str, name: str) -> None:
    _ = lines | f"Write {name}" >> beam.ParDo(_WriteLines(results_dir, name))


def _read_lines(results_dir: Path, name: str) -> Iterator:
    for path in sorted(results_dir.glob(f"{name}-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def load_thumbnails(source, data: DataConfig, positions: Sequence[int]):
    """Reads images at positions as the autoencoder sees them.

    Returns:
        uint8 `(count, 32, 32, 3)`.
    """
    dataset = source.read(
        tf.data.Dataset.from_tensor_slices(np.array(positions, np.int64))
    )
    dataset = dataset.map(
        lambda image, _: prepare_image(image, THUMBNAIL, data)
    )
    return np.stack(list(dataset.as_numpy_iterator()))
