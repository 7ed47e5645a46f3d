"""What the fits of a search left behind: notes of tasks and failures, and the curves as a table."""
