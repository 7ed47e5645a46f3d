"""Where the tasks of a search run: threads of this process, and what worker processes need."""
