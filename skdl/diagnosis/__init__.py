"""What is wrong with a network, and what to change next: :func:`skdl.diagnose` tells it in these nouns."""

from skdl.diagnosis.findings import Diagnosis, Fault, Finding

__all__ = ["Diagnosis", "Fault", "Finding"]
