"""What two networks that share a program have in common: the key."""
