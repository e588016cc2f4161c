"""Batches of real images, as a run's replicas and workers take them."""

import functools

import tensorflow as tf

from dcgan_tf.config import RunConfig
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.data.source import Source
from dcgan_tf.training.schedule import choose_steps_per_call
from dcgan_tf.training.step import GradientTapeStep


def distribute_data(
    config: RunConfig,
    source: Source,
    strategy: tf.distribute.Strategy,
    start_step: int,
    steps_per_element: int = 1,
) -> tf.distribute.DistributedDataset:
    """Gives each worker's replicas their share of every global batch.

    Args:
        config: The run's settings.
        source: Real images.
        strategy: What the run trains under.
        start_step: Steps done before.
        steps_per_element: Steps whose batches an element holds.

    Returns:
        An endless dataset of what `GradientTapeStep.train_step` takes, or
        `train_steps` for several: images, or `(images, labels)` for
        conditional networks.
    """
    training = config.training

    def make_dataset(context: tf.distribute.InputContext) -> tf.data.Dataset:
        num_replicas = context.num_replicas_in_sync
        num_local = num_replicas // context.num_input_pipelines
        return build_training_dataset(
            source,
            config.model,
            config.data,
            batch_size_per_replica=training.batch_size // num_replicas,
            global_batch_size=training.batch_size,
            seed=training.seed,
            start_step=start_step,
            replica_offset=context.input_pipeline_id * num_local,
            num_local_replicas=num_local,
            with_labels=config.model.num_classes > 0,
            steps_per_element=steps_per_element,
        )

    return strategy.distribute_datasets_from_function(make_dataset)


class BatchFeed:
    """The batches of a run from a step on, some steps' at a time.

    Args:
        config: The run's settings.
        source: Real images.
        strategy: What the run trains under.
        start_step: Steps done before.
        steps_per_call: Steps whose batches are fetched at once; of a run
            whose setting is 0, at first.
    """

    def __init__(
        self,
        config: RunConfig,
        source: Source,
        strategy: tf.distribute.Strategy,
        start_step: int,
        steps_per_call: int = 1,
    ):
        self._source = source
        self._has_labels = config.model.num_classes > 0
        self._step = start_step
        self._is_choosing = config.training.steps_per_call == 0
        self._distribute = functools.partial(
            distribute_data, config, source, strategy
        )
        self._resize(steps_per_call)

    def _resize(self, steps_per_call: int) -> None:
        """Fetches so many steps' batches from now on, when none is ready."""
        self._size = self._num_taken = steps_per_call
        self._elements = iter(self._distribute(self._step, steps_per_call))
        self._element = None

    @property
    def num_ready(self) -> int:
        """Steps whose batches are fetched and not yet trained on."""
        return self._size - self._num_taken

    def fetch(self) -> None:
        """Fetches the next batches.

        Raises:
            ValueError: If over half of the images are unreadable.
            OSError: If images can't be read at all any more.
        """
        try:
            element = next(self._elements)
        except tf.errors.OpError as error:
            self._source.skipped.check()
            # What Python code inside tf.data raised comes as one of these.
            if isinstance(
                error, (tf.errors.UnknownError, tf.errors.InvalidArgumentError)
            ):
                reason = error.message.strip().splitlines()[0]
                raise OSError(
                    f"reading {self._source.name} failed: {reason}"
                ) from error
            raise
        self._element = element if self._has_labels else (element, None)
        self._num_taken = 0

    def try_fetch(
        self, seconds_per_step: float, steps_left: int
    ) -> Exception | None:
        """Fetches the next batches, or returns why there are none.

        So that all workers can agree to save a checkpoint and stop. Where
        steps turn out to be short, more of them are fetched from now on.

        Args:
            seconds_per_step: As measured; 0 where it isn't known.
            steps_left: Until the run's end.
        """
        if self._is_choosing and seconds_per_step:
            self._is_choosing = False
            chosen = choose_steps_per_call(seconds_per_step, steps_left)
            if chosen > 1:
                self._resize(chosen)
        try:
            self.fetch()
        except (ValueError, OSError) as error:
            return error
        return None

    def train(
        self, step_fn: GradientTapeStep, num_steps: int
    ) -> dict[str, tf.Tensor]:
        """Trains on batches that are ready, in one call.

        Args:
            step_fn: The training step.
            num_steps: From 1 to `num_ready`.

        Returns:
            As `train_step`, or `train_steps` where batches are fetched for
            several.
        """
        first = self._num_taken
        self._num_taken += num_steps
        self._step += num_steps
        if self._size == 1:
            return step_fn.train_step(*self._element)
        return step_fn.train_steps(*self._element, first, num_steps)
