"""Deep convolutional generative adversarial networks, trained and shipped."""
