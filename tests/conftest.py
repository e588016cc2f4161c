"""What every test shares: quiet logs and no network."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Nothing in the tests may hang on a download.
os.environ.setdefault("NO_GCE_CHECK", "true")
