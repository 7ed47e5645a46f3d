"""What can be tuned about training: losses, optimizers, schedules, stopping, precision."""
