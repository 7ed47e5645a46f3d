"""Rows that name a place which does not exist, such as a class or a word, are found before training."""
