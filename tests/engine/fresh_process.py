"""Fits in processes that have fitted nothing before.

A server imports all that fits need and runs no operation of TensorFlow. For each case it forks, so that the
fits of the case, one by each engine, meet a process as it is after the imports, without the seconds that
imports take.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import subprocess
import sys
import traceback


class FreshProcesses:
    """A server of fresh processes, for the time of a ``with`` block."""

    def __enter__(self):
        # The server finds the modules that this process finds.
        path = os.pathsep.join(part for part in sys.path if part)
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        return self

    def __exit__(self, *_):
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()

    def outcomes(self, name, place, engines):
        """What `identity_cases.outcome` gives in one of them, by engine."""
        self._server.stdin.write(json.dumps([name, place, engines]).encode() + b"\n")
        self._server.stdin.flush()
        size = self._server.stdout.readline()
        assert size, "The server of fresh processes has ended."
        told, result = pickle.loads(self._server.stdout.read(int(size)))
        assert told == "result", f"The fit in a fresh process {told}:\n{result}"
        return result


def serve():
    """Answer requests, a line each, until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what fits print is no answer
    from tests.engine.identity_cases import all_cases, outcome

    def outcomes(name, place, engines):
        # The other way round than in the test: what one engine leaves behind for the next differs then.
        return {engine: outcome(name, place, engine) for engine in reversed(engines)}

    all_cases()
    # A collection of garbage in a child would copy what the child shares with this process.
    gc.collect()
    gc.freeze()
    for line in sys.stdin.buffer:
        answer = forked(outcomes, json.loads(line))
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()


def forked(function, arguments):
    """The pickled result of `function`, which a child of this process runs."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = "result", function(*arguments)
        except BaseException:
            told = "raised", traceback.format_exc()
        with os.fdopen(there, "wb") as end:
            end.write(pickle.dumps(told))
        os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as end:
        answer = end.read()
    _, status = os.waitpid(child, 0)
    return answer or pickle.dumps(("died", f"status {status}"))


if __name__ == "__main__":
    serve()
