"""A network as a template that is never trained, and its state as arrays."""
