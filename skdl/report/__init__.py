"""A report of a search: on a terminal, as Markdown, and as one HTML file."""
