"""What can be tuned about training: losses, optimizers, stopping."""
