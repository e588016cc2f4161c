"""Training images and those held out from them."""

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.evaluation.real_images import load_real_images


def test_a_run_on_the_test_split_is_measured_by_the_others():
    real = load_real_images(ModelConfig((32, 32), 1), DataConfig(split="test"))
    assert real.held_out_split == "train"
    training = {image.tobytes() for image in real.training}
    assert not any(image.tobytes() in training for image in real.held_out)
