"""Programs as graphs, which compile faster: masks, rules and numbers are the same."""

from dataclasses import replace

from skdl.engine import compiled


def without_xla(monkeypatch):
    """Let programs run as graphs while a test runs."""
    chosen = compiled.make_plan

    def plan(job, callbacks, **options):
        made = chosen(job, callbacks, **options)
        return made if made.form is None else replace(made, form=made.form.as_graph())

    monkeypatch.setattr(compiled, "make_plan", plan)


def without_kernel(monkeypatch):
    """Let programs of TensorFlow's run what the native kernel would, while a test runs."""
    for place in ("skdl.engine.plan.plan", "skdl.engine.compiled"):
        monkeypatch.setattr(f"{place}.description_for_kernel", lambda _: "a test leaves it out")
    monkeypatch.setattr("skdl.engine.kernel.choice.stack_for_kernel", lambda *_: None)
