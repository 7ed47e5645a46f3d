"""What can be tuned about training: losses and optimizers."""
