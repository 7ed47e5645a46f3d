"""The cache of programs: each compiled once, the least recently used let go."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from skdl.engine.ledger import Stats
from skdl.engine.program_cache import ProgramCache


def test_threads_that_need_one_program_make_it_once():
    cache, made, all_here = ProgramCache(), [], threading.Barrier(4)

    def make():
        made.append(1)
        return object()

    def ask(_):
        all_here.wait()
        return cache.get("key", make)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len(made) == 1
    assert all(program is found[0] for program in found)


def test_the_least_recently_used_is_let_go():
    cache = ProgramCache(size=2)
    first, second = cache.get(1, object), cache.get(2, object)
    assert cache.get(1, object) is first
    cache.get(3, object)
    assert len(cache) == 2
    assert cache.get(1, object) is first
    assert cache.get(2, object) is not second


def test_a_failure_leaves_nothing_behind():
    cache = ProgramCache()

    def fail():
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        cache.get(1, fail)
    assert len(cache) == 0
    assert cache.get(1, lambda: "made") == "made"


def test_one_warning_past_a_number_of_programs_names_the_remedy():
    cache = ProgramCache(size=1, warn_at=2, stays=lambda program: program != "graph")
    cache.get(0, lambda: "graph")
    cache.get(1, object)
    with pytest.warns(
        UserWarning, match=r"compiled 2 training programs by XLA.*a process that ends"
    ):
        cache.get(2, object)
    cache.get(3, object)  # a second warning would be an error here


def test_the_share_of_padding():
    assert Stats().padding == 0
    assert Stats(rows=8, rows_padded=2).padding == 0.25
