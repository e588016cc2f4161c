"""Exports a trained run for serving; see `python export.py --help`."""

import sys

from dcgan_tf.cli.export import main

if __name__ == "__main__":
    sys.exit(main())
