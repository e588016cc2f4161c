"""Says on what a figure was measured."""

import datetime
import os
import pathlib
import platform

_MATRIX_FLAGS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")


def describe(device: str = "cpu") -> str:
    """Returns the processor, its cores, bfloat16 units and the date.

    With `gpu` the names of GPUs stand before these.
    """
    if device == "gpu":
        return f"{_describe_gpus()}; {describe()}"
    info = pathlib.Path("/proc/cpuinfo")
    lines = (
        info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    )
    fields = dict(
        [part.strip() for part in line.split(":", 1)]
        for line in lines
        if ":" in line
    )
    name = fields.get("model name", platform.processor())
    flags = fields.get("flags", "").split()
    units = next((flag for flag in _MATRIX_FLAGS if flag in flags), "no AVX2")
    cores = len(os.sched_getaffinity(0))
    return f"{name}, {cores} cores, {units}, {datetime.date.today()}"


def _describe_gpus() -> str:
    import tensorflow as tf

    return ", ".join(
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    )
