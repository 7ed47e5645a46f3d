"""What a search or a cross-validation has found, as arrays and names."""
