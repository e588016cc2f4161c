"""TensorFlow Serving's settings for a folder of exports.

They are text protocol buffers in the folder of exports, which the
server sees as `/models` (`deploy/serving/compose.yaml`).
"""

import os
from collections.abc import Sequence
from pathlib import Path

from dcgan_tf import scratch

MODELS_FILE = "models.config"
BATCHING_FILE = "batching_parameters.txt"
MONITORING_FILE = "monitoring.config"
METRICS_PATH = "/monitoring/prometheus/metrics"

_SERVED_AT = "/models"

# ModelServerConfig. The newest version alone, so that memory holds one; a
# change to `specific { versions: N }` goes back to an old one.
_MODEL = """\
  config {{
    name: "{name}"
    base_path: "{folder}/{name}"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 1 }} }}
  }}
"""

# BatchingParameters. Latency counts: a batch waits two milliseconds at most.
_BATCHING = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 4 }
"""

_MONITORING = f"""\
prometheus_config {{
  enable: true
  path: "{METRICS_PATH}"
}}
"""


def save_settings(
    export_dir: str | os.PathLike, models: Sequence[str]
) -> list[Path]:
    """Writes the server's settings into a folder of exports.

    Args:
        export_dir: The folder.
        models: Names of the models in it.

    Returns:
        The files.
    """
    served = "".join(
        _MODEL.format(name=name, folder=_SERVED_AT) for name in models
    )
    texts = {
        MODELS_FILE: f"model_config_list {{\n{served}}}\n",
        BATCHING_FILE: _BATCHING,
        MONITORING_FILE: _MONITORING,
    }
    paths = []
    for name, text in texts.items():
        path = Path(export_dir, name)
        scratch.save_text(path, text)  # A server may read at any time.
        paths.append(path)
    return paths
