"""The layers whose speed matters."""

import keras

BatchNormalization = keras.layers.BatchNormalization
Conv2D = keras.layers.Conv2D
Conv2DTranspose = keras.layers.Conv2DTranspose
