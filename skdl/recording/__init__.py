"""What the fits of a search left behind: which fits a backend keeps, and their curves as a table."""
