"""The evaluate command refuses bad flags before anything slow happens."""

import pytest

from dcgan_tf.cli import evaluate
from dcgan_tf.evaluation.evaluating import ALL_MEASURES
from dcgan_tf.evaluation.networks import NETWORKS
from dcgan_tf.evaluation.protocols import PROTOCOLS


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--measures=fid"], "frechet"),
        (["--measures=none"], "leaves nothing"),
        (["--probe=stl"], "few_labels"),
        (["--features=inception"], "inception_path"),
        (["--inception_path=x.pb"], "features=inception"),
        (["--run_dir=a", "--export_dir=b"], "one of"),
        (["--data_dir=a", "--image_dir=b"], "one of"),
        (["--compare", "one"], "two runs or more"),
        (["--compare", "a", "b", "--run_dir=c"], "as arguments"),
        (["stray"], "stray"),
        (["--num_samples=1"], "num_samples"),
    ],
)
def test_bad_flags_are_refused_in_one_line(argv, message, capsys):
    assert evaluate.main(argv) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_folder_that_is_no_run_is_named(tmp_path, capsys):
    assert evaluate.main([f"--run_dir={tmp_path}"]) == 1
    error = capsys.readouterr().err
    assert str(tmp_path) in error and "config.json" in error


def test_help_offers_what_the_library_has():
    """The command lists names itself, so as not to import TensorFlow."""
    assert evaluate._MEASURES == ALL_MEASURES
    assert evaluate._NETWORKS == NETWORKS
    assert evaluate._PROTOCOLS == tuple(PROTOCOLS)
