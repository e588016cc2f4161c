"""TFRecord files read at any position."""

import pytest
import tensorflow as tf

from dcgan_tf.data.files.records import RecordIndex


@pytest.fixture
def files(tmp_path):
    paths = [str(tmp_path / f"{name}.tfrecord") for name in "ab"]
    for path, contents in zip(paths, ("abcde", "fgh"), strict=True):
        with tf.io.TFRecordWriter(path) as writer:
            for letter in contents:
                writer.write((letter * (ord(letter) - 90)).encode())
    return paths


def read_letters(index):
    records = [index.read(i) for i in range(len(index))]
    for record in records:
        assert len(record) == record[0] - 90
    return b"".join(record[:1] for record in records).decode()


def test_reads_every_record_of_several_files(files):
    index = RecordIndex([(files[0], 0, 5), (files[1], 0, 3)])
    assert read_letters(index) == "abcdefgh"


def test_reads_part_of_a_file(files):
    index = RecordIndex([(files[0], 1, 3), (files[1], 2, 1)])
    assert read_letters(index) == "bcdh"


def test_too_few_records_are_named(files):
    with pytest.raises(ValueError, match="b.tfrecord holds only 3 records"):
        RecordIndex([(files[1], 0, 4)])


def test_truncated_file_is_named(files):
    with open(files[0], "r+b") as file:
        file.truncate(60)
    with pytest.raises(ValueError, match="a.tfrecord"):
        RecordIndex([(files[0], 0, 5)])
