"""Precision: the Keras dtype policy that networks compute in."""

import tensorflow as tf

from dcgan_tf.kernels import cpu_features

# NVIDIA's Ampere, the first with bfloat16 matrix units.
_GPU_CAPABILITY = (8, 0)


def resolve_precision(name: str, num_replicas: int) -> str:
    """Chooses the Keras dtype policy that a run computes in.

    Args:
        name: A policy, or `auto`: `mixed_bfloat16` where the TPU, else the
            GPUs, else the processor computes it natively, else `float32`.
            Weights, losses and batch-norm statistics are float32 in each.
        num_replicas: Replicas in sync.

    Returns:
        `float32`, `mixed_bfloat16` or `mixed_float16`.

    Raises:
        ValueError: If `mixed_float16` is asked for on several replicas.
    """
    if name == "mixed_float16" and num_replicas > 1:
        # Keras looks for infinities before it sums gradients over replicas:
        # one replica's would reach the others' weights.
        raise ValueError(
            f"mixed_float16 is unsafe on {num_replicas} replicas: an overflow "
            "on one would corrupt all; use mixed_bfloat16 or float32"
        )
    if name != "auto":
        return name
    return "mixed_bfloat16" if _has_native_bfloat16() else "float32"


def _has_native_bfloat16() -> bool:
    if tf.config.list_logical_devices("TPU"):
        return True
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return all(
            tf.config.experimental.get_device_details(gpu).get(
                "compute_capability", (0, 0)
            )
            >= _GPU_CAPABILITY
            for gpu in gpus
        )
    return cpu_features.has_bfloat16()
