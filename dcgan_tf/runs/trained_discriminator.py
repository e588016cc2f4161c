"""A trained D, and the real images that its batch-norm statistics are of."""

import dataclasses
import functools
from collections.abc import Callable

import keras
import numpy as np

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.networks import build_networks
from dcgan_tf.runs.discriminator_statistics import reestimate_discriminator
from dcgan_tf.runs.final_networks import (
    copy_discriminator,
    fold_discriminator,
)


@dataclasses.dataclass(frozen=True)
class TrainedDiscriminator:
    """D with its final weights; images are read when somebody needs them.

    Attributes:
        model: The settings that D was built of.
        load_real_batches: Gives the images; use `real_batches`.
        digest: Tells D's weights from any others, without the images.
        load_network: Gives the same D each time, its statistics not
            measured; None of an export, whose graph is closed. Use
            `network`.
    """

    model: ModelConfig
    load_real_batches: Callable[[], list[np.ndarray]]
    digest: Callable[[], str]
    load_network: Callable[[], keras.Model | None] = lambda: None

    @functools.cached_property
    def real_batches(self) -> list[np.ndarray]:
        """The images, as of `load_real_batches`; empty without data."""
        return self.load_real_batches()

    @functools.cached_property
    def network(self) -> keras.Model | None:
        """D in float32, with statistics of the images; None of an export."""
        network = self.load_network()
        if network is not None:
            reestimate_discriminator(network, lambda: self.real_batches)
        return network

    def with_real_batches(
        self, real_batches: list[np.ndarray]
    ) -> "TrainedDiscriminator":
        """Gives the same D with statistics of other images.

        Args:
            real_batches: As of `load_real_batches`.
        """
        return dataclasses.replace(
            self,
            load_real_batches=lambda: real_batches,
            load_network=self._copy_network,
        )

    def _copy_network(self) -> keras.Model | None:
        network = self.load_network()
        return network and copy_discriminator(self.model, network)

    def build_random(self, seed: int) -> keras.Model:
        """Builds D with random weights and statistics of the same images.

        Args:
            seed: Of the weights, as a run has it.
        """
        discriminator = fold_discriminator(
            self.model, build_networks(self.model, seed=seed).discriminator
        )
        reestimate_discriminator(discriminator, lambda: self.real_batches)
        return discriminator
