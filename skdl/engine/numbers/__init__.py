"""Which settings of layers, losses and optimizers are numbers, and inputs of a program."""
