"""The native kernel: stacks of dense layers, trained by functions that numba compiles once for a machine."""
