"""Prepares TFDS datasets, or says at once which files are missing."""

import difflib
import logging
import os
import re
import shlex
import sys
import threading
from pathlib import Path
from urllib.parse import urlparse

import requests
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download import checksums

from dcgan_tf.config import DataConfig
from dcgan_tf.data.embedded import EMBEDDED
from dcgan_tf.data.lsun import use_lmdb
from dcgan_tf.setting_names import has_setting, name_setting

_log = logging.getLogger(__name__)

# As in `huggingface:mnist`; a version is a number or has asterisks.
_NAMESPACE = re.compile(r"[^/:]+:[a-zA-Z]\w*$")
_ANSWER_SECONDS = 4
_NUM_CLOSE_NAMES = 4
_NUM_URLS_NAMED = 5


def find_builder(data: DataConfig) -> tfds.core.DatasetBuilder:
    """Looks a dataset up by `name`, `name/config` or `name:version`.

    Raises:
        ValueError: If there is no dataset, config or version of that name;
            names the closest. Or if it is of a community (`kubric:movi_a`)
            whose files can't be reached.
    """
    try:
        return tfds.builder(data.dataset, data_dir=data.data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        known = [*EMBEDDED, *tfds.list_builders(with_community_datasets=False)]
        raise ValueError(
            f"unknown dataset {data.dataset!r}"
            f"{_suggest(data.dataset.split('/')[0], known)} (embedded: "
            f"{', '.join(EMBEDDED)}; all others by their TFDS name"
            f"; {_say_of_own_images(data)})"
        ) from None
    except (AssertionError, ValueError, RuntimeError, TypeError,
            ImportError, tf.errors.OpError) as error:  # fmt: skip
        reason = str(error).strip().splitlines()[0]
        if _NAMESPACE.match(data.dataset):
            raise ValueError(
                f"dataset {data.dataset!r} can't be opened: {reason}"
            ) from None
        name, _, config = data.dataset.partition("/")
        try:
            builder = tfds.builder_cls(name.split(":")[0])
        except ValueError:  # No name that TFDS could have.
            raise ValueError(
                f"{data.dataset!r} can't be the name of a dataset; "
                f"{_say_of_own_images(data)}"
            ) from None
        configs = list(builder.builder_configs)
        raise ValueError(
            f"dataset {data.dataset!r} doesn't exist"
            f"{_suggest(config.split(':')[0], configs) or f' ({reason})'}"
        ) from None


def _say_of_own_images(data: DataConfig) -> str:
    is_flag = has_setting("image_dir", is_argument=False)
    if is_flag or os.path.exists(data.dataset):
        return f"your own images: {name_setting('image_dir')}"
    # A program gives both in one place.
    return f"there is no folder or file {data.dataset!r} here either"


def make_readable(builder: tfds.core.DatasetBuilder, data: DataConfig) -> None:
    """Downloads and prepares a dataset if that is needed and can be done.

    Files in `manual_dir` are used in place of downloads of the same name,
    whatever their checksums.

    Args:
        builder: From `find_builder`.
        data: Its `manual_dir` is used.

    Raises:
        OSError: If it isn't prepared and can't be: says what to put where.
    """
    if _is_readable(builder):
        return
    manual_dir = (
        Path(os.path.expanduser(data.manual_dir)) if data.manual_dir else None
    )
    if manual_dir and not manual_dir.is_dir():
        raise FileNotFoundError(f"manual_dir {manual_dir} is not a folder")
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS and not manual_dir:
        raise FileNotFoundError(
            f"{data.dataset} is not prepared under {builder.data_dir_root} and "
            "no program may download it; put its files into a folder and give "
            f"that {_name_manual_dir()}: "
            f"{builder.MANUAL_DOWNLOAD_INSTRUCTIONS}"
        )
    if builder.name == "lsun":
        use_lmdb(builder)
    missing = _trust_manual_files(builder, manual_dir)
    advice = _advise(builder, data.dataset, missing)
    if missing and not _answers(missing[0]):
        host = urlparse(missing[0]).hostname
        raise ConnectionError(f"{host} doesn't answer, and {advice}")
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=manual_dir, try_download_gcs=False
            )
        )
    except ImportError:  # A package that only this builder needs: says so.
        raise
    # Builders raise whatever their archives and hosts make them.
    except Exception as error:
        raise OSError(
            f"preparing {data.dataset} failed ({error}); {advice}"
        ) from error


def _suggest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, _NUM_CLOSE_NAMES)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _is_readable(builder: tfds.core.DatasetBuilder) -> bool:
    try:
        builder.as_dataset()
    except AssertionError:  # What TFDS raises before any preparation.
        return False
    return True


def _trust_manual_files(
    builder: tfds.core.DatasetBuilder, manual_dir: Path | None
) -> list[str]:
    """Lets TFDS take files put there by hand; returns the URLs still missing.

    TFDS would refuse an archive that was packed anew, or a sample of one.
    """
    known = builder.url_infos or {}
    missing = []
    for url in _list_urls(builder):
        info = known[url]
        path = (
            manual_dir / info.filename if manual_dir and info.filename else None
        )
        if path is None or not path.exists():
            missing.append(url)
            continue
        found = checksums.compute_url_info(path)
        if found != info:
            _log.warning("%s is not the file at %s; using it", path, url)
            known[url] = found
    return missing


class _Requests:
    """Stands in for TFDS's downloads and notes what is asked for.

    No public call of TFDS's tells which files a configuration needs, and its
    own downloads retry for minutes before they name the first one that can't
    be had. Of all that TFDS does, only this one question is asked here;
    fetching, checking and unpacking are TFDS's.
    """

    def __init__(self):
        self.urls: list[str] = []

    def download(self, urls):
        self.urls += [getattr(url, "url", url) for url in tf.nest.flatten(urls)]
        return tf.nest.map_structure(lambda _: Path("not-there"), urls)

    download_and_extract = download

    def extract(self, paths):
        return paths

    def iter_archive(self, path):
        return iter(())


def _list_urls(builder: tfds.core.DatasetBuilder) -> list[str]:
    """Lists what this configuration needs of all that the dataset has.

    Of LSUN's 40 archives, a category needs two.
    """
    known = builder.url_infos or {}
    requests_made = _Requests()
    try:
        builder._split_generators(requests_made)
    # Builders may do anything with what isn't there: all files, then.
    except Exception as error:
        _log.info("%s: %s", builder.info.full_name, error)
    return [url for url in requests_made.urls if url in known] or list(known)


def _advise(
    builder: tfds.core.DatasetBuilder, dataset: str, missing: list[str]
) -> str:
    option, root = shlex.quote(f"--dataset={dataset}"), builder.data_dir_root
    advice = (
        f"{dataset} is not prepared under {root}; run `dcgan data {option} "
        "--data_dir=DIR` where there is a network and "
    )
    if has_setting("data_dir"):
        advice += f"give that DIR here as {name_setting('data_dir')}"
    else:
        advice += f"copy that DIR to {root}"
    infos = builder.url_infos or {}
    if len(missing) <= _NUM_URLS_NAMED and all(
        infos[url].filename for url in missing
    ):
        files = ", ".join(f"{infos[url].filename} ({url})" for url in missing)
        advice += f"; or download {files} and give their folder "
        advice += _name_manual_dir()
    return advice


def _name_manual_dir() -> str:
    where = "" if has_setting("manual_dir") else "to `dcgan data` "
    return f"{where}as {name_setting('manual_dir')}"


def _answers(url: str) -> bool:
    """Whether a host answers at all, be it with a refusal, in seconds."""
    answers = []

    def ask():
        try:
            requests.head(url, timeout=_ANSWER_SECONDS)
            answers.append(True)
        except requests.RequestException as error:
            _log.info("%s", error)

    # A thread, since looking up a host's name has no timeout of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_ANSWER_SECONDS)
    return bool(answers)
