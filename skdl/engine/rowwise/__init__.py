"""Which layers, losses and operations treat each row alone, so that rows can fill up a batch."""
