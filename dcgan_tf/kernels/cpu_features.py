"""What the processor can do."""

import pathlib

_CPU_INFO = pathlib.Path("/proc/cpuinfo")
# What Linux calls x86's bfloat16 dot products and matrix units.
_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


def has_bfloat16() -> bool:
    """Whether it computes bfloat16 natively; False where it can't be told."""
    return not _BFLOAT16_FLAGS.isdisjoint(_read_flags())


def has_matrix_units() -> bool:
    """Whether it multiplies matrices in units of their own (Intel's AMX)."""
    return "amx_bf16" in _read_flags()


def _read_flags() -> frozenset[str]:
    """Empty where the system keeps no such list, as outside Linux."""
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.split())
