"""``python -m skdl`` prints what a report of a fault needs."""

from skdl.common.versions import show_versions

if __name__ == "__main__":
    show_versions()
