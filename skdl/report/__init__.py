"""Results that people can read: tables, pictures, and one HTML report of a search."""
