"""`python -m dcgan_tf COMMAND` is `dcgan COMMAND`."""

import sys

from dcgan_tf.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
