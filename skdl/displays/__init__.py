"""Pictures of what searches have found, in scikit-learn's manner: a file for each display."""
