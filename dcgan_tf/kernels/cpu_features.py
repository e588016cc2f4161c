"""Features of the processor that kernels and precision depend on."""

import pathlib

_CPU_INFO = pathlib.Path("/proc/cpuinfo")
# Linux's names of x86's bfloat16 dot products and matrix units.
_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


def has_bfloat16() -> bool:
    """Whether the processor computes bfloat16 natively; False if unknown."""
    return not _BFLOAT16_FLAGS.isdisjoint(_read_flags())


def has_matrix_units() -> bool:
    """Whether the processor has matrix units (Intel's AMX) for bfloat16."""
    return "amx_bf16" in _read_flags()


def _read_flags() -> frozenset[str]:
    """Reads the processor's flags; empty where there is no list of them."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.split())
