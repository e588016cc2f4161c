"""All settings of a run, and their JSON."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from dcgan_tf.config.data import DataConfig, read_data_config
from dcgan_tf.config.json_text import read_json
from dcgan_tf.config.model import ModelConfig
from dcgan_tf.config.training import TrainingConfig
from dcgan_tf.families import check_optimizer, check_unchanged


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """Every setting of one run."""

    model: ModelConfig
    data: DataConfig
    training: TrainingConfig

    def __post_init__(self):
        check_optimizer(self.model.family, self.training.optimizer)
        check_unchanged(self.model.family, self.training)
        data = dataclasses.replace(self.data, alpha=self.model.channels == 4)
        object.__setattr__(self, "data", data)  # It is frozen.

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns plain nested dicts, as `from_dict` reads them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> "RunConfig":
        """Builds a config from `to_dict`'s output or its JSON round trip.

        Settings that are missing take their defaults, so that runs of an
        earlier version load.

        Raises:
            ValueError: If a setting is unknown or out of its range.
        """
        _check_sections(values)
        try:
            # No default here: 64 pixels would be a guess.
            size = values["model"]["image_size"]
            return cls(
                model=ModelConfig(**{**values["model"], "image_size": size}),
                data=read_data_config(values["data"]),
                training=TrainingConfig(**values["training"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"not a run's configuration: {error}; it was perhaps written "
                "by another version of dcgan_tf"
            ) from error

    def to_json(self, **extra: Any) -> str:
        """Returns indented JSON; `extra` adds top-level entries."""
        return json.dumps({**self.to_dict(), **extra}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """Reads `to_json`'s output.

        Raises:
            ValueError: If the text is no JSON or no run's configuration.
        """
        try:
            values = read_json(text)
        except ValueError as error:
            raise ValueError(
                f"it is no JSON ({error}); restore it from a copy"
            ) from error
        return cls.from_dict(values)


def _check_sections(values: object) -> None:
    """Refuses what can't be settings in Python's or JSON's own types."""
    names = ", ".join(field.name for field in dataclasses.fields(RunConfig))
    if not isinstance(values, Mapping):
        raise ValueError(
            f"not a run's configuration: it is {values!r:.50}, not the "
            f"sections {names}; restore it from a copy"
        )
    for field in dataclasses.fields(RunConfig):
        section = values.get(field.name)
        if not isinstance(section, Mapping):
            raise ValueError(
                f"not a run's configuration: its section {field.name!r} is "
                f"{section!r:.50}, not settings by name; restore it from a copy"
            )
