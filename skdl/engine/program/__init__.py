"""One compiled program: loops over epochs and steps."""
