"""The numbers that displays show, computed before anything is drawn."""
