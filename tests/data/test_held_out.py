"""Which images of a folder are held out, and that they stay so."""

import pytest

from dcgan_tf.cli import data as data_command
from dcgan_tf.config import DataConfig
from dcgan_tf.data.held_out import (
    AUTO,
    LARGE,
    NONE,
    ONE_IN_10,
    ONE_IN_20,
    NothingHeldOutError,
    find_held_out,
    resolve_rule,
    take_split,
)
from dcgan_tf.data.name_order import hash_name
from dcgan_tf.data.open_source import load_held_out, load_source


def make_names(count):
    return [f"{i}.png" for i in range(count)]


def hold_out_of(names, hold_out, pages):
    return find_held_out(names, resolve_rule(names, hold_out, pages), pages)


@pytest.mark.parametrize(
    ("count", "hold_out", "least", "most"),
    [
        (1, AUTO, 0, 0),
        (19, AUTO, 0, 0),
        (20, AUTO, 4, 6),
        (40, AUTO, 4, 9),
        (200, AUTO, 10, 32),
        (999, AUTO, 70, 130),
        (1_000, AUTO, 30, 75),
        (10_000, AUTO, 430, 570),
        (999, LARGE, 0, 0),
        (1_000, LARGE, 30, 75),
        (5_000, NONE, 0, 0),
    ],
)
def test_how_many_are_held_out(count, hold_out, least, most):
    names = make_names(count)
    held_out = hold_out_of(names, hold_out, {})
    assert least <= len(held_out) <= most
    assert held_out <= set(names)
    if count >= 1_000 and hold_out == AUTO:
        assert held_out == hold_out_of(names, LARGE, {})


def test_what_is_held_out_stays_so_when_images_are_added():
    held_out = [hold_out_of(make_names(n), AUTO, {}) for n in (200, 300, 990)]
    assert held_out[0] < held_out[1] < held_out[2]
    # A folder that grows large gives some back, and takes none of its own.
    small = set(make_names(990))
    assert hold_out_of(make_names(2_000), AUTO, {}) & small < held_out[2]


def test_pages_of_a_file_go_together():
    pages = {
        f"a{i}.tif#{j}": (f"a{i}.tif", j) for i in range(9) for j in (1, 2)
    }
    names = [f"a{i}.tif" for i in range(9)] + list(pages)
    held_out = hold_out_of(names, AUTO, pages)
    files = {pages.get(name, (name, 0))[0] for name in held_out}
    assert len(held_out) == 3 * len(files) and 2 <= len(files) < 9


def find_names(one_in, count, suffix):
    """Names that a rule of one in so many chooses, all of them."""
    names = (f"{i}{suffix}" for i in range(count * one_in * 9))
    return [n for n in names if hash_name(n) % one_in == 0][:count]


def make_stacks(names, num_pages):
    """Names of all pages, and which page of which file those are."""
    pages = {
        f"{name}#{page + 1}": (name, page)
        for name in names
        for page in range(1, num_pages)
    }
    return [*names, *pages], pages


@pytest.mark.parametrize(
    ("num_files", "num_pages", "one_in"),
    [(1, 25, 10), (2, 10, 10), (20, 1, 10), (1, 1_000, 20), (1_000, 1, 20)],
)
def test_not_all_there_is_is_held_out(num_files, num_pages, one_in):
    """Chance has it for one stack in so many."""
    files = find_names(one_in, num_files, ".tif")
    names, pages = make_stacks(files, num_pages)
    assert len(names) == num_files * num_pages
    rule = resolve_rule(names, AUTO, pages)
    assert rule.hold_out == NONE
    assert take_split(names, "train", "stacks", rule, pages) == names
    with pytest.raises(NothingHeldOutError):
        take_split(names, "test", "stacks", rule, pages)
    # A rule that is recorded, or given, stays as it is.
    rule = resolve_rule(names, {10: ONE_IN_10, 20: ONE_IN_20}[one_in], pages)
    message = f"all {len(names)} images of stacks .* one in {one_in} by a hash"
    with pytest.raises(ValueError, match=message):
        take_split(names, "train", "stacks", rule, pages)
    assert take_split(names, "test", "stacks", rule, pages) == names


def test_a_stack_is_trained_on_whatever_its_name(tmp_path, capsys):
    import numpy as np
    from PIL import Image

    (name,) = find_names(10, 1, ".tif")
    images = [Image.fromarray(np.full((8, 8), i, np.uint8)) for i in range(25)]
    (tmp_path / "stack").mkdir()
    path = tmp_path / "stack" / name
    images[0].save(path, save_all=True, append_images=images[1:])
    training = load_source(make_data(path.parent, all_pages=True))
    assert (training.num_examples, training.num_held_out) == (25, 0)
    argv = [f"--image_dir={path.parent}", "--all_pages"]
    argv.append(f"--output={tmp_path / 'sheet.png'}")
    assert data_command.main(argv) == 0
    assert "25 images" in capsys.readouterr().out
    data = make_data(path.parent, all_pages=True, hold_out=ONE_IN_10)
    with pytest.raises(ValueError, match="all 25 .* all pages of a file toge"):
        load_source(data)


@pytest.mark.parametrize(
    ("count", "num_excluded", "later"),
    [
        (1_005, 20, 1_005),  # One in 20, then one in 10.
        (990, 0, 1_100),
        (18, 0, 28),  # None, then one in 10.
        (21, 4, 21),  # So few that some are held out besides.
        (21, 0, 60),
    ],
)
def test_what_is_trained_on_is_never_held_out(count, num_excluded, later):
    names = make_names(count)
    rule = resolve_rule(names, AUTO, {})
    first = find_held_out(names, rule, {})
    excluded = sorted(first)[:num_excluded]
    names = [name for name in make_names(later) if name not in excluded]
    # As the run records it.
    rule = resolve_rule(names, rule.hold_out, {}, rule.also)
    held_out = find_held_out(names, rule, {})
    assert not held_out & set(make_names(count)) - first
    assert first - held_out <= set(excluded)


@pytest.fixture(scope="module")
def few_pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    write_few(folder / "own", 40)
    write_few(folder / "own/inside", 3)
    write_few(folder / "others", 5, start=100)
    return folder


def write_few(folder, count, start=0):
    import numpy as np
    from PIL import Image

    folder.mkdir(parents=True)
    rng = np.random.default_rng(start)
    for i in range(start, start + count):
        noise = rng.integers(0, 256, (4, 4, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")


def make_data(folder, **options):
    return DataConfig("image_folder", image_dir=str(folder), **options)


@pytest.mark.parametrize("hold_out", [AUTO, LARGE, NONE])
def test_a_small_folder_is_opened_by_its_rule(few_pictures, hold_out):
    data = make_data(few_pictures / "own", hold_out=hold_out)
    training = load_source(data)
    if hold_out == AUTO:
        held_out = load_held_out(data, training)
        assert held_out.num_examples == training.num_held_out >= 4
        assert training.num_examples + training.num_held_out == 43
        other = load_source(make_data(few_pictures / "own", hold_out=NONE))
        assert other.fingerprint != training.fingerprint
        return
    assert (training.num_examples, training.num_held_out) == (43, 0)
    with pytest.raises(ValueError, match="of the 43 images.*with held_out"):
        load_held_out(data, training)


def test_other_images_can_be_named(few_pictures):
    data = make_data(
        few_pictures / "own",
        hold_out=NONE,
        held_out_dir=str(few_pictures / "others"),
    )
    training = load_source(data)
    held_out = load_held_out(data, training)
    assert (training.num_examples, held_out.num_examples) == (43, 5)
    assert held_out.split == str(few_pictures / "others")


@pytest.mark.parametrize("name", ["own", "own/inside"])
def test_images_that_are_trained_on_are_refused(few_pictures, name):
    data = make_data(
        few_pictures / "own",
        hold_out=NONE,
        held_out_dir=str(few_pictures / name),
    )
    with pytest.raises(ValueError, match="are trained on; name a folder"):
        load_held_out(data, load_source(data))
