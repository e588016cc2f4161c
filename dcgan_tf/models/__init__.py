"""Networks, and the layers they are made of.

Keras comes first: once it is imported it imports this package's layers, and
must not do so halfway through one of them.
"""

import keras  # noqa: F401
