"""Programs as graphs, which compile faster: masks, rules and numbers are the same."""

from dataclasses import replace

from skdl.engine import compiled


def without_xla(monkeypatch):
    """Let programs run as graphs while a test runs."""
    chosen = compiled.make_plan

    def plan(job, callbacks):
        made = chosen(job, callbacks)
        return made if made.form is None else replace(made, form=made.form.as_graph())

    monkeypatch.setattr(compiled, "make_plan", plan)
