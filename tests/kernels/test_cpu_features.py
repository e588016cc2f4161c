"""What a list of processor flags says."""

import pytest

from dcgan_tf.kernels import cpu_features


@pytest.mark.parametrize(
    "flags, has_bfloat16, has_matrix_units",
    [
        ("fpu avx512f avx512_vnni", False, False),
        ("fpu avx512_bf16", True, False),
        ("fpu avx512_bf16 amx_tile amx_bf16", True, True),
    ],
)
def test_flags(flags, has_bfloat16, has_matrix_units, monkeypatch, tmp_path):
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr(cpu_features, "_CPU_INFO", cpu_info)
    assert cpu_features.has_bfloat16() == has_bfloat16
    assert cpu_features.has_matrix_units() == has_matrix_units


def test_no_list(monkeypatch, tmp_path):
    monkeypatch.setattr(cpu_features, "_CPU_INFO", tmp_path / "missing")
    assert not cpu_features.has_bfloat16()
    assert not cpu_features.has_matrix_units()
