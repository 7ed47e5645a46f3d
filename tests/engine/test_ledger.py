"""What the engine counts, from all threads."""

from concurrent.futures import ThreadPoolExecutor

from skdl.engine.ledger import Ledger, Stats


def test_counts_are_added_under_a_lock():
    ledger = Ledger()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ledger.add(fits=1, rows=3, seconds_training=0.5), range(400)))
    assert ledger.read(kept=7) == Stats(kept=7, fits=400, rows=1200, seconds_training=200.0)


def test_a_fallback_is_the_first_of_its_reason_once():
    ledger = Ledger()
    assert [ledger.fell_back(reason) for reason in ("a", "b", "a")] == [True, True, False]
    assert ledger.read(kept=0).fallbacks == {"a": 2, "b": 1}


def test_what_was_read_does_not_change():
    ledger = Ledger()
    before = ledger.read(kept=0)
    ledger.add(epochs=2)
    ledger.fell_back("a")
    assert before == Stats()


def test_the_share_of_rows_that_fill_up():
    assert Stats().padding == 0.0
    assert Stats(rows=8, rows_padded=2).padding == 0.25
