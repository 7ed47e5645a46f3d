"""Rows as arrays, on their way into a program."""
