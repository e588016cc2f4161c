import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.lite import convert, descriptions
from dcgan_tf.serving.lite.subpixel import generate_images


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("convs_per_scale", [1, 2])
@pytest.mark.parametrize("num_classes", [0, 3])
def test_images_are_the_networks(kernel_size, convs_per_scale, num_classes):
    model = ModelConfig(
        (32, 64),
        3,
        5,
        4,
        kernel_size,
        convs_per_scale=convs_per_scale,
        num_classes=num_classes,
    )
    generator = build_generator(model)
    for layer in generator.layers:
        for weight in layer.trainable_weights:
            values = np.random.default_rng(weight.shape[0]).normal(
                size=weight.shape
            )
            weight.assign(values / np.sqrt(np.prod(weight.shape[:-2] or (1,))))
    latents = sample_latents(3, model.latent_dim, (0, 0))
    labels = tf.constant([2, 0, 1]) if num_classes else None
    inputs = [latents, labels] if num_classes else latents
    expected = generator(inputs).numpy()
    assert expected.std() > 0.05
    drawn = generate_images(generator, latents, labels)
    np.testing.assert_allclose(drawn, expected, atol=1e-4)


def test_files_have_plain_convolutions_that_the_rest_is_fused_into():
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter",
        reason="needs LiteRT: pip install -e '.[lite]'",
    )
    model = ModelConfig((32, 32), 3, 5, 4, 5)
    network = descriptions.describe_generator(build_generator(model), model, 1)
    contents = convert.convert(network, ["float32"], batch_size=1)["float32"]
    interpreter = litert.Interpreter(model_content=contents)
    names = [op["op_name"] for op in interpreter._get_ops_details()]
    assert "TRANSPOSE_CONV" not in names
    assert names.count("CONV_2D") == 2 * 4 + 1
    assert not {"MUL", "ADD", "RELU"} & {*names[names.index("CONV_2D") :]}
