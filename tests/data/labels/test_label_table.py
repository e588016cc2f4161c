"""Labels from tables: what is read, how images are found, what is refused."""

import json
import shutil
import unicodedata

import numpy as np
import pytest

from dcgan_tf.cli import data as data_command
from dcgan_tf.cli import train as train_command
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.given.arrays import open_arrays
from dcgan_tf.data.labels.assignment import assign_labels
from dcgan_tf.data.labels.image_lookup import ImageLookup
from dcgan_tf.data.labels.table import read_table
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.runs.class_names import find_label, load_class_names

NAMES = ["a/1.png", "a/2.png", "b/3.jpg"]
CELEB_A = "3\nBald Smiling\n1.png  1 -1\n2.png -1 1\n3.jpg -1 -1\n"
WIDE = "id,file,kind,age\n7,1.png,cat,3\n8,2.png,dog,5\n9,3.jpg,dog,4\n"


@pytest.mark.parametrize(
    ("text", "column", "classes", "labels"),
    [
        ("a/1.png,cat\na/2.png,dog\nb/3.jpg,dog", None, "cat dog", (0, 1, 1)),
        ("1.png;cat\n2.png;dog\n3.jpg;dog\n", None, "cat dog", (0, 1, 1)),
        ("1\tcat\r\n2\tdog\r\n3\tdog\r\n", None, "cat dog", (0, 1, 1)),
        ("\ufefffilename,label\n1,10\n2,9\n3,9\n", None, "9 10", (1, 0, 0)),
        ("./a\\1.png,x\n/a/2.png,y\nq/3.jpg,y\n", None, "x y", (0, 1, 1)),
        ('"1.png","a, b"\n2.png,c\n3.jpg,c\n\n', None, "a,_b c", (0, 1, 1)),
        (WIDE, "kind", "cat dog", (0, 1, 1)),
        (WIDE, "AGE", "3 4 5", (0, 2, 1)),
        (CELEB_A, "smiling", "not_Smiling Smiling", (0, 1, 0)),
        # As pandas writes its index, with and without headings.
        (
            ",photo,label\n0,1.png,u\n1,2.png,v\n2,3.jpg,u",
            None,
            "u v",
            (0, 1, 0),
        ),
        ("7,1.png,u\n8,2.png,v\n9,3.jpg,u", "label2", "u v", (0, 1, 0)),
        ("u,1.png\nv,2.png\nu,3.jpg", None, "u v", (0, 1, 0)),
        ("kind,photo\nu,a/1.png\nv,a/2.png\nu,3", None, "u v", (0, 1, 0)),
        # A box a row: the same label again, and another one.
        ("1.png,u\n1.png,u\n2.png,u\n2.png,v\n3.jpg,u", None, "u v", (0, 1, 0)),
        (
            '{"labels": [["a/1.png", 6], ["a/2.png", 0], ["b/3.jpg", 6]]}',
            None,
            "0 6",
            (1, 0, 1),
        ),
        (
            '{"labels": {"1.png": "u", "2.png": "v", "3.jpg": "u"}}',
            None,
            "u v",
            (0, 1, 0),
        ),
    ],
)
def test_tables(text, column, classes, labels):
    table = read_table("labels.csv", text.encode())
    found = assign_labels(table, NAMES, column)
    assert [name.replace(" ", "_") for name in found.label_names] == (
        classes.split()
    )
    assert tuple(found.by_name[name] for name in NAMES) == labels


ODD_NAMES = ["grün/1.png", "2.png", "3.jpg"]
ODD_TABLE = "Datei;Käse\ngrün/1.png;würzig\n2.png;mild\n3.jpg;mild\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_tables_of_spreadsheets(encoding):
    table = read_table("labels.csv", ODD_TABLE.encode(encoding))
    found = assign_labels(table, ODD_NAMES, "käse")
    assert found.label_names == ("mild", "würzig")
    assert [found.by_name[name] for name in ODD_NAMES] == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1.png,u\n1.png,v\n2.png,u\n2.png,v\n3.jpg,u", 2),
        ("name,label,x\n1.png,u,1\n1.png,u,2\n2.png,u,3\n3.jpg,v,4", 0),
        ("name,a,b\n1.png,0,1\n1.png,1,1\n2.png,0,0\n3.jpg,0,0", 1),
    ],
)
def test_images_of_several_labels_are_counted(caplog, text, count):
    assign_labels(read_table("labels.csv", text.encode()), NAMES)
    assert len(caplog.records) == bool(count)
    if count:
        assert f"{count} images, such as a/1.png, have sev" in caplog.text


def test_attributes():
    found = assign_labels(read_table("x", CELEB_A.encode()), NAMES)
    assert found.attribute_names == ("Bald", "Smiling")
    assert not found.label_names
    assert [found.by_name[name] for name in NAMES] == [(1, 0), (0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", None, "are no table"),
        ("1.png cat", None, "no comma"),
        ("1.png,cat\n2.png\n", None, "its rows have 1 or 2 cells"),
        ('{"labels": null}', None, "are null"),
        ('{"images": []}', None, "are no table"),
        ("{", None, "are no table"),
        ("x.png,cat\ny.png,cat\n", None, "list 0 of the 3 images"),
        (WIDE, None, "have the columns id, kind, age; say .*condition_on"),
        (WIDE, "colour", "no column 'colour' .* they have id, kind, age"),
    ],
)
def test_bad_tables(text, column, message):
    with pytest.raises(ValueError, match=message):
        assign_labels(read_table("labels.csv", text.encode()), NAMES, column)


@pytest.mark.parametrize(
    ("label", "expected"), [("cat", 0), ("CAT", 0), ("2", 1), ("0", 0), (1, 1)]
)
def test_labels_are_found_by_name_or_number(label, expected):
    assert find_label(label, ("cat", "2"), 2) == expected


@pytest.mark.parametrize("label", ["dog", "5", "-1", 2])
def test_unknown_labels(label):
    with pytest.raises(ValueError, match="use 0 to 1, or a name: "):
        find_label(label, ("cat", "2"), 2)
    with pytest.raises(ValueError, match="use 0 to 1$"):
        find_label("cat", (), 2)


@pytest.fixture
def pets(tmp_path, write_pictures):
    """Six images and a table beside them that lists five."""
    write_pictures(tmp_path / "pets", [f"{i}.png" for i in range(6)])
    rows = [f"{i}.png,{('cat', 'dog')[i % 2]},{i % 3 // 2}" for i in range(5)]
    table = "\n".join(["name,kind,old", *rows])
    (tmp_path / "pets" / "labels.csv").write_text(table)
    return tmp_path / "pets"


def make_data(folder, **options):
    return DataConfig("image_folder", image_dir=str(folder), **options)


DEEP_NAMES = ("top/a/1.png", "top/a/2.png", "top/b/1.png", "top/b/3.jpg")


@pytest.mark.parametrize(
    ("names", "written", "found"),
    [
        # From a folder around the collection, or one inside it.
        (("a/1.png", "b/1.png"), "top/a/1.png", "a/1.png"),
        (("a/1.png", "b/1.png"), "/home/me/top/b/1", "b/1.png"),
        (DEEP_NAMES, "a/1.png", "top/a/1.png"),
        (DEEP_NAMES, "other/b/1.png", "top/b/1.png"),
        (DEEP_NAMES, "2.png", "top/a/2.png"),
        (DEEP_NAMES, "b/3", "top/b/3.jpg"),
        (DEEP_NAMES, "1.png", None),
        (DEEP_NAMES, "4.png", None),
        # What is said in full counts before what ends so.
        (("a/1.png", "top/a/1.png"), "a/1.png", "a/1.png"),
        (("1", "1.png"), "1", "1"),
        (("1.jpg", "1.png"), "1", None),
    ],
)
def test_images_are_found_by_the_end_of_their_names(names, written, found):
    assert ImageLookup(names, "").find(written) == found


def zip_folder(folder):
    return shutil.make_archive(str(folder), "zip", folder)


@pytest.mark.parametrize("pack", [str, zip_folder], ids=["folder", "zip"])
@pytest.mark.parametrize(
    ("images", "tables", "given", "read"),
    [
        ("top/images", ["top/labels.csv"], "labels.csv", "top/labels.csv"),
        ("top/images", ["labels.csv"], "labels.csv", "labels.csv"),
        ("top/a", ["top/b/labels.csv"], "top/b/labels.csv", "top/b/labels.csv"),
        ("top/a", ["labels.csv", "b/labels.csv"], "b/labels.csv", "b/labels"),
        ("top", ["b/labels.csv", "labels.csv"], "labels.csv", "/labels.csv"),
        ("top", ["a/labels.csv", "b/labels.csv"], "labels.csv", None),
        ("top", ["labels.csv", "top/labels.csv"], "labels.csv", "labels.csv"),
        ("top", ["labels.csv", "top/labels.csv"], "top/labels.csv", "top/"),
    ],
)
def test_a_table_is_found_wherever_it_lies_in_a_collection(
    tmp_path, write_pictures, monkeypatch, pack, images, tables, given, read
):
    names = [f"{part}/{i}.png" for part in "xy" for i in range(2)]
    folder = tmp_path / "pets"
    write_pictures(folder / images, names)
    rows = [f"{images}/{name},{'uvvu'[i]}" for i, name in enumerate(names)]
    for table in tables:
        (folder / table).parent.mkdir(parents=True, exist_ok=True)
        is_read = read is not None and table.startswith(read.strip("/"))
        text = "\n".join(rows) if is_read else "none,of these"
        (folder / table).write_text(text)
    monkeypatch.chdir(tmp_path)
    data = make_data(pack(folder), labels=given, hold_out="none")
    if read is None:
        with pytest.raises(ValueError, match="a/labels.csv or b/labels.csv in"):
            load_source(data)
        return
    source = load_source(data)
    assert (source.num_examples, source.label_names) == (4, ("u", "v"))


def test_a_folder_has_the_labels_of_its_table(pets, caplog):
    data = make_data(pets, labels="labels.csv", condition_on="kind")
    source = load_source(data)
    assert source.num_examples == 5 and source.label_names == ("cat", "dog")
    _, labels = load_images(source, ModelConfig((16, 16), 3), data)
    names = [source.name_of(i) for i in range(5)]
    assert labels.tolist() == [int(name[0]) % 2 for name in names]
    assert "1 images, such as 5.png, are left out" in caplog.text
    assert not source.skipped.reasons


def test_images_for_tests_need_no_labels(tmp_path, write_pictures):
    """As in competitions: what is to be found out isn't in the table."""
    names = [f"train/{i}.png" for i in range(4)]
    write_pictures(tmp_path, names + [f"test/{i}.png" for i in range(10, 30)])
    rows = [f"{name},{'uv'[i % 2]}" for i, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    data = make_data(tmp_path, labels="labels.csv")
    source = load_source(data)
    assert (source.num_examples, source.label_names) == (4, ("u", "v"))
    with pytest.raises(ValueError, match="'test'.* or has no label"):
        load_source(data, "test")


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        ([0, 1, 2, 0], None, None),
        ([1, 2, 3, 1], None, "1 of the 4 classes, such as 0, have no images"),
        ([3, 7, 7, 3], None, "6 of the 8 classes, such as 0, have"),
        ([0, 2, 2, 0], ["a", "b", "c"], "1 of the 3 classes, such as b, have"),
    ],
)
def test_classes_of_arrays_without_images(caplog, labels, names, said):
    images = np.zeros((4, 8, 8, 3), np.uint8)
    open_arrays(images, labels, names)
    assert (said or "") in caplog.text and bool(caplog.records) == bool(said)
    caplog.clear()
    open_arrays(images, labels, names, split="test")
    assert not caplog.records


def test_what_is_conditioned_on_is_conditional(pets, capsys):
    flags = ["--condition_on=kind", "--noconditional", f"--image_dir={pets}"]
    assert train_command.main(flags) == 2
    assert "--noconditional is given; give one" in capsys.readouterr().err


def test_another_column_is_another_cached_copy(pets):
    sources = [
        load_source(make_data(pets, labels="labels.csv", condition_on=column))
        for column in ("kind", "old")
    ]
    assert sources[0].fingerprint != sources[1].fingerprint


def test_attributes_of_a_dataset(few_faces):
    data = DataConfig("toy_faces", condition_on="Smiling")
    model = ModelConfig((32, 32), 3)
    source = load_source(data)
    images, labels = load_images(source, model, data, 20)
    whole = load_source(DataConfig("toy_faces"))
    same, attributes = load_images(whole, model, data, 20)
    np.testing.assert_array_equal(images, same)
    index = whole.attribute_names.index("smiling")
    np.testing.assert_array_equal(labels, attributes[:, index])
    assert source.label_names == ("not smiling", "smiling")
    assert not source.attribute_names


TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1",
)  # fmt: skip


def test_training_is_conditioned_on_a_column(pets, tmp_path, capsys):
    run_dir = tmp_path / "run"
    argv = [
        *TINY, f"--image_dir={pets}", f"--run_dir={run_dir}",
        f"--labels={pets}/labels.csv",
    ]  # fmt: skip
    first = [*argv, "--condition_on=kind", "--steps=2"]
    assert train_command.main(first) == 0
    record = json.loads((run_dir / "config.json").read_text())
    assert record["model"]["num_classes"] == 2
    assert load_class_names(run_dir) == ("cat", "dog")
    # Another column would be another run; without one it isn't clear which.
    capsys.readouterr()
    assert train_command.main([*argv, "--condition_on=old", "--steps=4"]) == 1
    assert "condition_on was 'kind', is now 'old'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--labels=x.csv", "--dataset=toy_faces"], 2, "has its own"),
        (["--condition_on=x"], 1, "no attribute 'x' to condition on"),
        (["--labels=nowhere.csv", "--image_dir={}"], 1, "nowhere.csv are not"),
        (["--labels=1.png", "--image_dir={}"], 1, "1.png are no table"),
        (["--labels={}", "--image_dir={}"], 1, "(Is a directory); name a"),
        (["--exclude={}", "--image_dir={}"], 1, "(Is a directory); name a"),
        (["--exclude=no", "--image_dir={}"], 1, "(No such file or directory);"),
        (["--data_dir=x", "--image_dir={}"], 2, "nothing to an image folder"),
        (["--manual_dir=x"], 2, "nothing to mnist_5k: it is embedded; leave"),
        (["--dataset=celeba", "--all_pages"], 2, "nothing to celeb_a: pages"),
        (["--image_dir={}.npy", "--all_pages"], 1, "and {}.npy is one of"),
    ],
)
def test_bad_flags_are_one_line(pets, tmp_path, capsys, flags, code, message):
    np.save(f"{pets}.npy", np.zeros((4, 16, 16, 3), np.uint8))
    argv = [flag.replace("{}", str(pets)) for flag in flags]
    message = message.replace("{}", str(pets))
    for command in (train_command, data_command):
        assert command.main(argv) == code
        error = capsys.readouterr().err
        assert message in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("rows", "root", "expected"),
    [
        # The same number in another split is another image.
        (["train/0.png,cat", "test/0.png,dog"], "/x/train", "cat"),
        (["test/0.png,dog", "train/0.png,cat"], "/x/train", "cat"),
        (["train/0.png,cat", "test/0.png,dog"], "/x/test", "dog"),
        (["x/train/0.png,cat", "x/test/0.png,dog"], "/x/train", "cat"),
        (["0.png,cat", "test/0.png,dog"], "/x/train", "cat"),
        # Nothing tells which is meant: the last one, with a warning.
        (["a/0.png,cat", "b/0.png,dog"], "/x/train", "dog"),
    ],
)
def test_a_row_of_this_collection_counts_before_anothers(rows, root, expected):
    table = read_table("t.csv", "\n".join(["file,label", *rows]).encode())
    labels = assign_labels(table, ["0.png"], root=root)
    assert labels.label_names[labels.by_name["0.png"]] == expected


def test_a_name_of_several_images_is_told(caplog):
    names = ["a/0.png", "b/0.png", "a/1.png", "b/2.png", "c/3.png"]
    rows = [f"{i}.png,cat" for i in range(4)]
    table = read_table("t.csv", "\n".join(["file,label", *rows]).encode())
    labels = assign_labels(table, names)
    assert set(labels.by_name) == {"a/1.png", "b/2.png", "c/3.png"}
    assert "such as '0.png', may be of several images each" in caplog.text
    with pytest.raises(ValueError, match="may be of several images each"):
        assign_labels(table, ["a/0.png", "b/0.png"])


def test_an_empty_column_is_named():
    table = read_table("t.csv", b"file,label\n0.png,\n1.png,\n")
    with pytest.raises(ValueError, match="'label' has no text"):
        assign_labels(table, ["0.png", "1.png"])


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_may_be_composed_otherwise(forms):
    name, written = (unicodedata.normalize(f, "\u00e91.png") for f in forms)
    assert name != written
    table = read_table("t.csv", f"file,label\n{written},cat\n".encode())
    assert set(assign_labels(table, [name]).by_name) == {name}


@pytest.mark.parametrize("has_table", [False, True])
def test_classes_without_images_to_train_on_are_told(
    tmp_path, write_pictures, has_table, caplog
):
    names = [f"{c}/{i}.png" for c in "ab" for i in range(12)] + ["rare/0.png"]
    write_pictures(tmp_path / "pets", names)
    settings = {"exclude": str(tmp_path / "exclude.txt")}
    (tmp_path / "exclude.txt").write_text("rare/0.png\n")
    if has_table:
        rows = [f"{name},{name.split('/')[0]}" for name in names]
        (tmp_path / "t.csv").write_text("\n".join(["file,label", *rows]))
        settings["labels"] = str(tmp_path / "t.csv")
    source = load_source(
        DataConfig("image_folder", image_dir=str(tmp_path / "pets"), **settings)
    )
    is_class = "rare" in source.label_names
    told = "1 of the 3 classes, such as rare, have no images to train on"
    assert (told in caplog.text) == is_class
    assert is_class == has_table


@pytest.mark.parametrize(
    "text",
    [
        '[["a/1.png", 1], ["a/2.png", 0], ["b/3.jpg", 1]]',
        ' {"labels": [["a/1.png", 1], ["a/2.png", 0], ["b/3.jpg", 1]]}',
        "file;label (a,b,c)\na/1.png;1\na/2.png;0\nb/3.jpg;1\n",
        'file,label\n"a/1.png",1\na/2.png,0\n"b/3.jpg",1\n\n',
        "file|label;x,y\na/1.png|1\na/2.png|0\nb/3.jpg|1\n",
    ],
)
def test_tables_of_any_form_are_read(text):
    labels = assign_labels(read_table("t", text.encode()), NAMES)
    assert labels.by_name == {"a/1.png": 1, "a/2.png": 0, "b/3.jpg": 1}
