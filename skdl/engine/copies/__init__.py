"""Copies of models, within a process and as bytes."""
