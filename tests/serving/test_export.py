"""What an export counts on before it writes."""

import types

import pytest
from fixtures import tiny_run

from dcgan_tf.models.generator import build_generator
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.serving import export
from dcgan_tf.serving.parts import LITE


class WithoutDiscriminator(types.SimpleNamespace):
    """A model whose D costs a thousand real images to ask for."""

    @property
    def discriminator(self):
        raise AssertionError("nothing of D is exported")


@pytest.mark.parametrize("settings", [{"family": "lapgan"}])
def test_a_discriminator_that_is_not_exported_is_not_counted(settings):
    generator = build_generator(tiny_run.MODEL)
    trained = WithoutDiscriminator(
        config=resolve_run_config(settings), generator=generator
    )
    size = generator.count_params() * export._BYTES_PER_PARAMETER[LITE]
    assert export._count_bytes(trained, [LITE]) == size
