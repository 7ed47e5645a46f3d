"""Keras's layers and what they draw and keep, as a program takes them."""
