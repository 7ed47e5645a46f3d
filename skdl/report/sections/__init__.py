"""The facts of a report in words and small tables."""
