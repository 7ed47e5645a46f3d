"""Optimizers as functions of their state."""
