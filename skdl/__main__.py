"""``python -m skdl`` prints what a report of a fault needs."""

from skdl.common.versions import show_versions

show_versions()
