"""The joblib backend: tasks of a search in threads of this process, and the line of progress."""
