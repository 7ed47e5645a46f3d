"""The learning-rate range test: a few steps at growing rates, and what their losses say."""
