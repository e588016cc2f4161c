"""Tables with gaps, odd columns and odd labels, and files that are none."""

import json

import pytest

from dcgan_tf.cli import data as data_command
from dcgan_tf.config import DataConfig
from dcgan_tf.data.labels.assignment import assign_labels
from dcgan_tf.data.labels.table import read_table
from dcgan_tf.data.open_source import load_source

COUNT = 6
NAMES = [f"{i}.png" for i in range(COUNT)]


@pytest.fixture
def images(tmp_path, write_pictures):
    write_pictures(tmp_path / "images", NAMES)
    return tmp_path / "images"


def run_command(images, text, column=None):
    table = images.parent / "table"
    table.write_text(text)
    argv = [f"--image_dir={images}", f"--labels={table}", "--image_size=16"]
    argv += [f"--output={images.parent / 's.png'}"]
    return data_command.main(argv + [f"--condition_on={column}"] * bool(column))


def join(*rows):
    return "\n".join(rows) + "\n"


def fill(row, values=range(COUNT)):
    """Writes a row for each image: its number, a class and a flag."""
    return [row.format(i=i, c="uv"[i % 2], f=(i + 1) % 2) for i in values]


# What a table is, the column that is asked for, classes, and images' labels,
# `-` for none.
TABLES = {
    "label before numbers": (
        join("label,id", *fill("{f},{i}")), None, "0 1", "101010",
    ),
    "target before stems": (
        join("target,photo", *fill("{f},{i}")), None, "0 1", "101010",
    ),
    "flags before names": (
        join("flag,photo", *fill("{f},{i}.png")), None, "0 1", "101010",
    ),
    "no headings, flags first": (
        join(*fill("{f},{i}.png")), None, "0 1", "101010",
    ),
    "the first image isn't there": (
        join(*fill("{i}.png,{c},{f}", range(8, -1, -1))), "label1", "u v",
        "010101",
    ),
    "the first number isn't there": (
        join(*fill("{i},{c}", range(8, -1, -1))), None, "u v", "010101",
    ),
    "few images of many": (
        join(*fill("1,{i}.png,{f}", range(500, -1, -1))), "label2",
        "not_label2 label2", "101010",
    ),
    "json, the first image isn't there": (
        json.dumps([[f"{i}.png", [i % 2, 7]] for i in range(8, -1, -1)]),
        "label1", "not_label1 label1", "010101",
    ),
    "a blank cell of an attribute": (
        join("file,smiling,x", "0.png,,1", *fill("{i}.png,{f},1", range(1, 6))),
        "smiling", "not_smiling smiling", "-01010",
    ),
    "a blank cell of classes": (
        join("file,kind,x", "0.png,,1", *fill("{i}.png,{c},1", range(1, 6))),
        "kind", "u v", "-10101",
    ),
    "null and NaN": (
        '{"labels": [["0.png", null], ["1.png", NaN], ["2.png", "u"],'
        ' ["3.png", "v"], ["4.png", "u"], ["5.png", ""]]}',
        None, "u v", "--010-",
    ),
    "a comma at each end": (
        join("file,kind,", *fill("{i}.png,{c},")), None, "u v", "010101",
    ),
    "pandas' reals": (
        join("file,label", *(f"{i}.png,{v}" for i, v in enumerate(
            (0.0, 1.0, 10.0, 2.0, -1.0, 2.5)))),
        None, "-1.0 0.0 1.0 2.0 2.5 10.0", "125304",
    ),
    "reals in json": (
        json.dumps([[f"{i}.png", i * 4.0] for i in range(COUNT)]),
        None, "0.0 4.0 8.0 12.0 16.0 20.0", "012345",
    ),
    "whole numbers": (
        join("file,label", *(f"{i}.png,{9 + i}" for i in range(COUNT))),
        None, "9 10 11 12 13 14", "012345",
    ),
    "texts beside numbers": (
        join("file,label", *(f"{i}.png,{v}" for i, v in enumerate(
            ("10", "9", "nan", "inf", "x", "9")))),
        None, "10 9 inf nan x", "013241",
    ),
    "nan is a text": (
        join("file,label", *(f"{i}.png,{v}" for i, v in enumerate(
            ("10", "9", "nan", "10", "9", "9")))),
        None, "10 9 nan", "012011",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "column", "classes", "expected"), TABLES.values(), ids=TABLES
)
def test_labels(images, capsys, text, column, classes, expected):
    labels = assign_labels(read_table("t", text.encode()), NAMES, column)
    names = [name.replace(" ", "_") for name in labels.label_names]
    assert names == classes.split()
    if expected is not None:
        found = [str(labels.by_name.get(name, "-")) for name in NAMES]
        assert "".join(found) == expected
    assert run_command(images, text, column) == 0
    printed = capsys.readouterr().out
    assert ", ".join(labels.label_names) in printed


def test_attributes_with_blank_cells(images, capsys):
    text = join(
        "file,smiling,male,", "0.png,,1,", "1.png,1,0,", "2.png,0,,",
        *fill("{i}.png,{f},1,", range(3, COUNT)),
    )  # fmt: skip
    labels = assign_labels(read_table("t", text.encode()), NAMES)
    assert labels.attribute_names == ("smiling", "male")
    assert labels.by_name == {
        "1.png": (1, 0), "3.png": (0, 1), "4.png": (1, 1), "5.png": (0, 1)
    }  # fmt: skip
    assert run_command(images, text) == 0
    captured = capsys.readouterr()
    assert "4 images" in captured.out
    assert "2 images, such as 0.png, are left out" in captured.err


def test_the_names_that_other_columns_could_be_are_not_told(caplog):
    """Classes' numbers are names of several images here."""
    names = [f"{folder}/{i}.png" for folder in "ab" for i in range(3)]
    rows = [f"{i % 3},{name}" for i, name in enumerate(names)]
    assign_labels(read_table("t", join(*rows).encode()), names)
    assert not caplog.records


DEEP = {"0.png": {"a": {"b": 1}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        (" \n\t\n", "it is empty"),
        ("6\n", "it has no headings"),
        ("6\n\n", "it has no headings"),
        ("6\nSmiling Male\n", "it has no rows"),
        ("{}", "it has no 'labels'"),
        ('{"a": 1}', "it has no 'labels'"),
        ('{"0.png": 1}', "it has no 'labels'"),
        ("[1, 2, 3]", "1 in it is no [name, label] pair"),
        ("[]", "it has no rows"),
        ('{"labels": {}}', "it has no rows"),
        ('{"labels": "abc"}', "its labels are 'abc'"),
        ('{"labels": 7}', "its labels are 7"),
        ('{"labels": null}', "its labels are null"),
        ('[["0.png"]]', "['0.png'] in it is no [name, label] pair"),
        ('[["0.png", 1, 2]]', "['0.png', 1, 2] in it is no"),
        ('["ab", "cd"]', "'ab' in it is no [name, label] pair"),
        ('[{"file": "0.png", "label": 1}]', "in it is no [name, label] pair"),
        ("[[0, 1]]", "the name 0 in it is no text"),
        ('[["0.png", {"a": 1}]]', "'0.png' has the label {'a': 1}, which is"),
        ('[["0.png", [[1]]]]', "'0.png' has the label [1], which is no text"),
        (json.dumps({"labels": DEEP}), "has the label {'a': {'b': 1}}, which"),
        ('[["0.png", 1e999]]', "'0.png' has the label inf, which is no text"),
        ('[["0.png", -Infinity]]', "'0.png' has the label -inf, which is"),
    ],
)
def test_what_is_no_table_is_said_in_plain_words(images, capsys, text, message):
    with pytest.raises(ValueError, match="are no table") as error:
        read_table("t", text.encode())
    assert message in str(error.value)
    assert run_command(images, text) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert " ".join(message.split()) in line


@pytest.mark.parametrize(
    ("headings", "row", "column", "message"),
    [
        ("file,a,b", "{i}.png,1,", None, "each of the columns 'a', 'b'"),
        ("file,a,b", "{i}.png,1,", "b", "column 'b' has no text"),
        ("file,label,b", "{i}.png,,1", None, "column 'label' has no text"),
    ],
)
def test_columns_of_blanks_are_named(
    images, capsys, headings, row, column, message
):
    text = join(headings, *fill(row))
    with pytest.raises(ValueError, match=message):
        assign_labels(read_table("t", text.encode()), NAMES, column)
    assert run_command(images, text, column) == 1
    assert message in capsys.readouterr().err


def test_the_order_of_folders_stays_that_of_texts(tmp_path, write_pictures):
    """Runs that are resumed have it."""
    names = [f"{c}/{i}.png" for c in ("10.0", "9", "2.0") for i in range(2)]
    write_pictures(tmp_path / "images", names)
    data = DataConfig("image_folder", image_dir=str(tmp_path / "images"))
    assert load_source(data).label_names == ("10.0", "2.0", "9")
