"""How many more programs XLA can keep in this process.

XLA maps each kernel into memory by itself: 150 mappings for a program of three hidden layers, which stay
until the process ends. Linux allows a process 65,530 of them, and then stops it in the middle of anything.
What no longer fits is an error, never another form of the program, which would have other bits.
"""

from __future__ import annotations

from pathlib import Path

# Several threads may compile at once, and the rest of the process needs mappings too.
NEEDED = 8192
_LIMIT, _MAPPINGS = Path("/proc/sys/vm/max_map_count"), Path("/proc/self/maps")


def check_room() -> None:
    """Raise a `MemoryError` where this process has no room for a further program of XLA's."""
    try:
        limit = int(_LIMIT.read_text())
        with _MAPPINGS.open("rb") as mappings:
            used = sum(1 for _ in mappings)
    except OSError:
        return  # another system, where no such limit is known
    if limit - used < NEEDED:
        raise MemoryError(
            f"XLA has no room for another program: this process has {used:,} mappings of memory, and Linux "
            f"allows {limit:,}. Expected fewer network structures in one process: search in parts, each in "
            f"a process that ends, or raise the limit (sysctl vm.max_map_count={4 * limit})."
        )


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether `error`, which XLA's compiler raised, is for want of memory and not of an operation."""
    return "Failed to materialize symbols" in str(error)
