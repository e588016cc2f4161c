"""Where prepared images are kept, and when they are made anew."""

import errno
import os

import numpy as np
import pytest
from PIL import Image

from dcgan_tf import failures, scratch
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data import cache, disk_cache, memory
from dcgan_tf.data.cache_dir import get_cache_dir
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images

MODEL = ModelConfig((16, 16), 3)


@pytest.fixture
def folder(tmp_path, write_pictures):
    write_pictures(tmp_path / "p", [f"{i}.png" for i in range(6)])
    return tmp_path / "p"


def make_config(folder, **options):
    return DataConfig(dataset="image_folder", image_dir=str(folder), **options)


def open_disk(folder, model=MODEL, **options):
    data = make_config(folder, cache="disk", **options)
    source = load_source(data)
    return source, cache.get_store(source, model, data)


def gather_all(source, store):
    return store.gather(np.arange(source.num_examples))


def fail_to_write(*_):
    raise AssertionError("the cache was made anew")


@pytest.mark.parametrize("place", ["memory", "disk"])
def test_store_has_the_prepared_images_in_any_order(folder, place):
    data = make_config(folder, cache=place)
    source = load_source(data)
    expected, _ = load_images(source, MODEL, data)
    store = cache.get_store(source, MODEL, data)
    order = np.array([3, 0, 5, 5])
    np.testing.assert_array_equal(store.gather(order), expected[order])


def test_store_is_filled_once_for_a_source(folder, monkeypatch):
    data = make_config(folder, cache="memory")
    source = load_source(data)
    store = cache.get_store(source, MODEL, data)
    monkeypatch.setattr(cache, "_fill_memory", fail_to_write)
    assert cache.get_store(source, MODEL, data) is store


def test_disk_cache_is_used_again(folder, monkeypatch):
    first = gather_all(*open_disk(folder))
    monkeypatch.setattr(disk_cache, "write_cache", fail_to_write)
    np.testing.assert_array_equal(gather_all(*open_disk(folder)), first)


def change_a_file(folder):
    Image.new("RGB", (20, 20), "red").save(folder / "0.png")


def add_a_file(folder):
    Image.new("RGB", (20, 20), "red").save(folder / "new.png")


def remove_a_file(folder):
    (folder / "0.png").unlink()


def rename_a_file(folder):
    (folder / "0.png").rename(folder / "other.png")


@pytest.mark.parametrize(
    "change", [change_a_file, add_a_file, remove_a_file, rename_a_file]
)
def test_disk_cache_notices_changed_files(folder, change):
    open_disk(folder)
    change(folder)
    source, store = open_disk(folder)
    data = make_config(folder)
    expected, _ = load_images(load_source(data), MODEL, data)
    np.testing.assert_array_equal(gather_all(source, store), expected)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (MODEL, {"crop": 10}),
        (MODEL, {"fit": "pad"}),
        (MODEL, {"fit": "stretch"}),
        (MODEL, {"background": "red"}),
        (ModelConfig((16, 16), 1), {}),
        (ModelConfig((16, 32), 3), {}),
    ],
)
def test_disk_cache_notices_changed_settings(folder, model, options):
    # Neither square nor opaque, so that each setting changes it.
    transparent = Image.new("RGBA", (20, 30), (0, 0, 255, 128))
    transparent.paste("red", (0, 0, 8, 10))
    transparent.save(folder / "0.png")
    before = gather_all(*open_disk(folder))
    source, store = open_disk(folder, model, **options)
    data = make_config(folder, **options)
    expected, _ = load_images(load_source(data), model, data)
    assert not np.array_equal(expected, before)
    np.testing.assert_array_equal(gather_all(source, store), expected)


def test_replacing_a_cache_leaves_its_reader_alone(folder):
    source, store = open_disk(folder)
    before = gather_all(source, store)
    open_disk(folder, crop=10)
    np.testing.assert_array_equal(gather_all(source, store), before)


def test_damaged_disk_cache_is_made_anew(folder, cache_home):
    first = gather_all(*open_disk(folder))
    (path,) = (cache_home / "dcgan_tf").iterdir()
    path.write_bytes(path.read_bytes()[:-50])
    np.testing.assert_array_equal(gather_all(*open_disk(folder)), first)


def test_interrupted_writing_leaves_nothing(folder, cache_home, monkeypatch):
    def stop(*_):
        yield np.zeros((1, 16, 16, 3), np.uint8), np.zeros(1, np.int32)
        raise KeyboardInterrupt

    monkeypatch.setattr(cache, "_iterate_with_progress", stop)
    with pytest.raises(KeyboardInterrupt):
        open_disk(folder)
    assert list((cache_home / "dcgan_tf").iterdir()) == []


def test_skipped_files_are_remembered_with_the_cache(folder):
    contents = (folder / "0.png").read_bytes()
    (folder / "broken.png").write_bytes(contents[: len(contents) // 2])
    open_disk(folder)
    source, store = open_disk(folder)
    assert set(source.skipped.reasons) == {"broken.png"}
    data = make_config(folder, cache="disk")
    images, _ = load_images(source, MODEL, data)
    assert len(images) == 6


def test_labels_come_with_the_images(tmp_path, write_pictures):
    write_pictures(tmp_path, ["cat/1.png", "dog/1.png", "dog/2.png"])
    for place in ("memory", "disk", "disk"):
        data = make_config(tmp_path, cache=place)
        source = load_source(data)
        store = cache.get_store(source, MODEL, data)
        kinds = [
            source.label_names[label] + "/" for label in store.labels.tolist()
        ]
        names = [source.name_of(i) for i in range(3)]
        assert all(
            name.startswith(kind)
            for name, kind in zip(names, kinds, strict=True)
        )


@pytest.mark.parametrize(
    ("free_memory", "free_disk", "place"),
    [(10**6, 10**6, "memory"), (10**3, 10**6, "disk"), (10**3, 10**3, "off")],
)
def test_auto_takes_what_there_is_room_for(
    folder, monkeypatch, free_memory, free_disk, place
):
    monkeypatch.setattr(memory, "measure_available", lambda: free_memory)
    usage = type("Usage", (), {"free": free_disk})
    monkeypatch.setattr(failures.shutil, "disk_usage", lambda _: usage)
    data = make_config(folder)
    source = load_source(data)
    store = cache.get_store(source, MODEL, data)
    if place == "off":
        assert store is None
    else:
        kept = list(get_cache_dir().glob("*.images"))
        assert len(kept) == (place == "disk")


def replace_meanwhile(monkeypatch, replace):
    """Another process replaces the file just before it is opened."""
    write = disk_cache.write_cache

    def write_and_replace(path, *args):
        written = write(path, *args)
        replace(path)
        return written

    monkeypatch.setattr(disk_cache, "write_cache", write_and_replace)


@pytest.mark.parametrize(
    "replace",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"another's"),
        lambda path: path.write_bytes(bytes(5_000)),
    ],
)
def test_cache_replaced_between_write_and_open(folder, monkeypatch, replace):
    def replace_by_rename(path):
        # As processes do it: a new file under the name, never the old one
        # written over.
        path.unlink()
        path.touch()
        replace(path)

    replace_meanwhile(monkeypatch, replace_by_rename)
    source, store = open_disk(folder)
    expected, _ = load_images(
        load_source(make_config(folder)), MODEL, make_config(folder)
    )
    np.testing.assert_array_equal(gather_all(source, store), expected)


def old_partial(cache_dir):
    path = cache_dir / "tmpabc.partial"
    path.write_bytes(bytes(100))
    return path


def old_partial_done(cache_dir):
    path = cache_dir / "tmpabc.partial.done"
    path.write_bytes(bytes(100))
    return path


def scratch_folder(cache_dir):
    path = scratch.make_dir(cache_dir)
    (path / "a.images").write_bytes(bytes(100))
    os.utime(path / "a.images", (0, 0))
    return path


@pytest.mark.parametrize(
    "leave", [old_partial, old_partial_done, scratch_folder]
)
def test_leftovers_of_killed_processes_go(folder, cache_home, leave):
    cache_dir = cache_home / "dcgan_tf"
    cache_dir.mkdir()
    path = leave(cache_dir)
    open_disk(folder)
    assert path.exists()  # It may be being written.
    os.utime(path, (0, 0))
    open_disk(folder, crop=10)
    assert not path.exists()
    assert len(list(cache_dir.iterdir())) == 1


def test_full_disk_is_said_with_what_would_do(folder, cache_home, monkeypatch):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk_cache, "_write", fill)
    with pytest.raises(
        OSError, match="no space left.*dcgan_tf.*XDG_CACHE_HOME"
    ):
        open_disk(folder)
    assert list((cache_home / "dcgan_tf").iterdir()) == []


@pytest.mark.parametrize("missing", ["link", "pread"])
def test_systems_without_hard_links_and_pread(folder, monkeypatch, missing):
    monkeypatch.delattr(os, missing)
    source, store = open_disk(folder)
    data = make_config(folder)
    expected, _ = load_images(load_source(data), MODEL, data)
    np.testing.assert_array_equal(gather_all(source, store), expected)


@pytest.mark.parametrize("garbage", [b"", b"short", bytes(100), b"\xff" * 100])
def test_what_is_no_cache_is_made_anew(folder, cache_home, garbage):
    first = gather_all(*open_disk(folder))
    (path,) = (cache_home / "dcgan_tf").iterdir()
    path.write_bytes(garbage)
    np.testing.assert_array_equal(gather_all(*open_disk(folder)), first)


@pytest.mark.parametrize("name", ["home", "home/dcgan_tf"])
def test_a_file_where_the_cache_would_be_is_told(
    folder, name, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(OSError, match="can't be used .* XDG_CACHE_HOME"):
        open_disk(folder)


def test_a_cache_that_may_not_be_written_to_is_told(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match="may not be written .* XDG_CACHE_HOME"):
        open_disk(folder)
