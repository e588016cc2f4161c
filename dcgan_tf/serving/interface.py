"""Describes exports' inputs and outputs to those who write clients.

The same descriptions go into `export.json` beside a SavedModel and into a
LiteRT file's metadata.
"""

from dcgan_tf.config import ModelConfig

# Both networks' names: of their folders, to a server, and of LiteRT files.
GENERATOR = "generator"
FEATURES = "discriminator_features"

_UNIT = "in [-1, 1]; a byte's value is 127.5 * (x + 1)"


def describe_signatures(kind: str, model: ModelConfig) -> dict:
    """Describes a SavedModel's signatures.

    Args:
        kind: `GENERATOR` or `FEATURES`.
        model: The networks' shape.

    Returns:
        By signature: `inputs` and `outputs`, by name the tensor's `dtype`,
        `shape` (None for the batch) and `values`. Empty for other kinds.
    """
    if kind == GENERATOR:
        described = describe_generator_interface(model)
        labels = {
            name: tensor
            for name, tensor in described["inputs"].items()
            if name == "labels"
        }
        seeds = _describe(
            "int64", [None], "any; the same one always draws the same image"
        )
        pixels = _describe(
            "uint8", _image_shape(model), f"0 to 255{_describe_alpha(model)}"
        )
        files = _describe("string", [None], "PNG files")
        return {
            "serving_default": described,
            "sample": {
                "inputs": {"seeds": seeds, **labels},
                "outputs": {"images": pixels},
            },
            "png": {
                "inputs": described["inputs"],
                "outputs": {"image_bytes": files},
            },
        }
    if kind == FEATURES:
        described = describe_features_interface(model)
        files = _describe("string", [None], "JPEG or PNG files")
        return {
            "serving_default": described,
            "encoded": {
                "inputs": {"image_bytes": files},
                "outputs": described["outputs"],
            },
        }
    return {}


def describe_generator_interface(model: ModelConfig) -> dict:
    """Describes the map from latents to images: `inputs` and `outputs`."""
    inputs = {
        "latents": _describe(
            "float32",
            [None, model.latent_dim],
            "each number drawn independently, uniform in [-1, 1]",
        )
    }
    if model.num_classes:
        last = model.num_classes - 1
        inputs["labels"] = _describe("int32", [None], f"classes, 0 to {last}")
    images = _describe("float32", _image_shape(model), _describe_unit(model))
    return {"inputs": inputs, "outputs": {"images": images}}


def describe_features_interface(model: ModelConfig) -> dict:
    """Describes the map from images to features: `inputs` and `outputs`."""
    images = _describe("float32", _image_shape(model), _describe_unit(model))
    return {
        "inputs": {"images": images},
        "outputs": {
            "features": _describe(
                "float32", [None, None], "not normalised, may be negative"
            ),
            "logits": _describe(
                "float32", [None, 1], "the higher, the more real to D"
            ),
        },
    }


def _describe_unit(model: ModelConfig) -> str:
    return _UNIT + _describe_alpha(model)


def _describe_alpha(model: ModelConfig) -> str:
    if model.channels != 4:
        return ""
    return "; red, green, blue, not multiplied by alpha, and alpha"


def _image_shape(model: ModelConfig) -> list[int | None]:
    return [None, *model.image_size, model.channels]


def _describe(dtype: str, shape: list[int | None], values: str) -> dict:
    return {"dtype": dtype, "shape": shape, "values": values}
