"""The precisions that a network may be built for."""

NAMES = ("float32", "mixed_bfloat16", "mixed_float16")
