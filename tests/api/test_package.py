"""What the package shows: its names, hints and examples."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import dcgan_tf

ROOT = Path(__file__).parents[2]


def test_importing_the_package_imports_no_tensorflow():
    program = (
        "import sys, dcgan_tf\n"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)\n"
        "assert set(dcgan_tf.__all__) <= set(dir(dcgan_tf))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_all_is_complete_and_documented():
    for name in dcgan_tf.__all__:
        assert inspect.getdoc(getattr(dcgan_tf, name)), name
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        dcgan_tf.lode  # noqa: B018


def list_public():
    members = [("train", dcgan_tf.train), ("load", dcgan_tf.load)]
    for name, member in vars(dcgan_tf.Run).items():
        if not name.startswith("_") and name != "is_export":
            members.append((name, member))
    return members


@pytest.mark.parametrize(
    ("name", "member"), list_public(), ids=lambda value: str(value)[:20]
)
def test_everything_public_has_hints_and_an_example(name, member):
    function = getattr(member, "fget", member)
    assert "Example:\n" in inspect.getdoc(function)
    assert "```python\n" in inspect.getdoc(function)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        has_hint = parameter.annotation is not inspect.Parameter.empty
        assert has_hint or parameter.name == "self", parameter
