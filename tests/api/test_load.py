"""What `load` refuses."""

import pytest

import dcgan_tf


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a run nor an export"):
        dcgan_tf.load(tmp_path)


def test_an_export_has_one_checkpoint(export_dir):
    with pytest.raises(ValueError, match="one checkpoint"):
        dcgan_tf.load(export_dir, "best")
