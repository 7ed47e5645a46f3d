"""What counts as the same: any object, function or class as a text."""
