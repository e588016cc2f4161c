"""Which number format a machine gets."""

import pytest
import tensorflow as tf

from dcgan_tf.kernels import cpu_features
from dcgan_tf.kernels.precision import resolve_precision


def pretend(monkeypatch, tmp_path, cpu_flags="", gpus=(), has_tpu=False):
    """Replaces the machine; `gpus` are compute capabilities or None."""
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"processor\t: 0\nflags\t\t: fpu {cpu_flags} sse\n")
    monkeypatch.setattr(cpu_features, "_CPU_INFO", cpu_info)
    monkeypatch.setattr(
        tf.config,
        "list_logical_devices",
        lambda kind: ["TPU:0"] if has_tpu and kind == "TPU" else [],
    )
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: list(gpus)
    )
    monkeypatch.setattr(
        tf.config.experimental,
        "get_device_details",
        lambda gpu: {"compute_capability": gpu} if gpu else {},
    )


@pytest.mark.parametrize(
    "machine, expected",
    [
        (dict(), "float32"),
        (dict(cpu_flags="avx512f avx512_vnni"), "float32"),
        (dict(cpu_flags="avx512_bf16"), "mixed_bfloat16"),
        (dict(cpu_flags="amx_tile amx_bf16"), "mixed_bfloat16"),
        (dict(cpu_flags="avx512_bf16", gpus=[(7, 5)]), "float32"),
        (dict(gpus=[(8, 0), (9, 0)]), "mixed_bfloat16"),
        (dict(gpus=[(8, 6), (7, 0)]), "float32"),
        (dict(gpus=[None]), "float32"),
        (dict(gpus=[(7, 0)], has_tpu=True), "mixed_bfloat16"),
    ],
)
def test_auto_follows_the_machine(machine, expected, monkeypatch, tmp_path):
    pretend(monkeypatch, tmp_path, **machine)
    assert resolve_precision("auto", 2) == expected


def test_auto_without_a_list_of_flags(monkeypatch, tmp_path):
    pretend(monkeypatch, tmp_path)
    monkeypatch.setattr(cpu_features, "_CPU_INFO", tmp_path / "missing")
    assert resolve_precision("auto", 1) == "float32"


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_name_is_kept(name):
    assert resolve_precision(name, 1) == name


def test_float16_needs_one_replica():
    with pytest.raises(ValueError, match="2 replicas.*use mixed_bfloat16"):
        resolve_precision("mixed_float16", 2)
