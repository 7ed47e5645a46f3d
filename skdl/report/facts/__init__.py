"""What a report says, computed before a word of it is written."""
