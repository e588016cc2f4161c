"""Trains a DCGAN; see `python train.py --help`."""

import sys

from dcgan_tf.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
