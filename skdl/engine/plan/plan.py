"""How a job is run: a pure function of the job and of the user's callbacks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from skdl.common.keras_import import load_keras
from skdl.engine.base import Kind
from skdl.engine.callbacks import Rule, StopAtNaN, callbacks_of, rules_of
from skdl.engine.fit_options import obstacle as options_obstacle
from skdl.engine.indexes.index_checks import OWN_STEPS, obstacle_to_xla
from skdl.engine.job import FitJob
from skdl.engine.keras_parts.convolution import matmul_cost, replaceable
from skdl.engine.keras_parts.walk import walk_layers
from skdl.engine.kernel.choice import description_for_kernel
from skdl.engine.kernel.description import Description
from skdl.engine.kernel.rules import follows
from skdl.engine.optimizers.pure_optimizer import obstacle as optimizer_obstacle
from skdl.engine.plan.form import Form
from skdl.engine.resuming import obstacle_to_resuming
from skdl.engine.rows.arrays import few_rows, leaves
from skdl.engine.rows.sizes import DENSE_BYTES, bucket_of_batch, bucket_of_rows, dense_bytes
from skdl.engine.rowwise.masked_rows import obstacle_to_masks
from skdl.engine.structure.key import Structure

# The curves of this many epochs fit into one call of a program; the host goes on from there.
EPOCHS_PER_CALL = 64
# The batch orders of one call have at most this many entries.
ORDER_ENTRIES = 2**22
# Microseconds by which a step with convolutions as matrix products and one with TensorFlow's own differ,
# fitted to the networks of benchmarks/plan_choices.py. What both spend on a pixel in or out is the same.
PATCHES_US = 1340  # a million values copied into patches
DISPATCH_US = 350  # TensorFlow's operations, one by one
IMAGE_US = 6.6  # an image in a convolution of TensorFlow's
MULTIPLY_ADDS_US = 8  # a million of them in TensorFlow's convolution, beyond a product's


@dataclass(frozen=True)
class Plan:
    """What will be done with a job.

    Attributes
    ----------
    obstacle : str or None
        Why the job goes through the Keras loop; None where it is compiled.
    form : Form or None
    rules : tuple of Rule
        The callbacks that run inside the program: the user's own, and then those of the job.
    own_rules : tuple of Rule
        Those of the job among them, which do what `FitJob.stopping` says.
    reason : str or None
        Why a graph serves, where one does.
    not_resumable : str or None
        Why the fit can be neither kept nor resumed; None where it can be.
    description : Description or None
        What the native kernel runs, where it does.
    """

    obstacle: str | None
    form: Form | None = None
    rules: tuple[Rule, ...] = ()
    own_rules: tuple[Rule, ...] = ()
    reason: str | None = None
    not_resumable: str | None = None
    description: Description | None = None

    @property
    def kind(self) -> Kind:
        """By what the job is run."""
        if self.description is not None:
            return Kind.KERNEL
        if self.form is None:
            return Kind.KERAS_LOOP
        return Kind.XLA if self.form.needs_xla else Kind.GRAPH

    def __str__(self) -> str:
        kind, form, reason = self.kind, self.form, self.obstacle or self.reason
        part = ""
        if kind is Kind.GRAPH:
            reason = reason or "XLA lacks one of its operations"
        elif form is not None and form.full_by_xla:
            part = ", the last batch of an epoch as a graph"
        elif form is not None and form.matmul:
            part = ", convolutions as matrix products"
        because = "" if reason is None else f", because {reason}"
        return f"{kind.value}{part}{because}."


def make_plan(job: FitJob, callbacks: tuple[Any, ...] = (), *, kernel: bool = True) -> Plan:
    """The plan for `job`, with the user's own `callbacks`; the native kernel may be left out of it."""
    plan = _plan(job, callbacks, kernel)
    return replace(plan, not_resumable=obstacle_to_resuming(callbacks))


def _plan(job: FitJob, callbacks: tuple[Any, ...], kernel: bool) -> Plan:
    obstacle = _obstacle(job)
    if obstacle is not None:
        return Plan(obstacle)
    description = description_for_kernel(job) if kernel else "the kernel is left out"
    if not callbacks and not isinstance(description, str):
        return Plan(None, description=description)
    own = callbacks_of(job.stopping)
    callbacks = (*callbacks, *own)
    if callbacks:
        # Keras tells from metrics that have met data whether one that is watched should rise.
        job.network.meet(*few_rows(job.training, job.network.batch_rows))
    rules = rules_of(callbacks, job.network.template)
    if isinstance(rules, str):
        return Plan(rules)
    told = job.rates is not None
    for rule in rules:
        if rule.watches == "learning_rate" and not told:
            # Keras's callback warns, also where a callback behind it tells the rate.
            name = type(rule.callback).__name__
            return Plan(f"{name} watches learning_rate, which is not among the curves")
        told = told or rule.rates
    if "validation_freq" in job.options:
        for rule in rules:
            if (rule.watches or "").startswith("val_"):
                name = type(rule.callback).__name__
                return Plan(f"{name} watches {rule.watches}, which some epochs do not have")
    own_rules = tuple(rules[len(rules) - len(own) :])
    if not isinstance(description, str) and follows(rules, description, job):
        return Plan(None, None, tuple(rules), own_rules, description=description)
    traits = _traits(job)
    reason = traits.masks
    full_by_xla = reason is not None and job.batch_size < job.training.n_rows
    wrong_in_silence = obstacle_to_xla(job)
    if wrong_in_silence is not None:
        reason, full_by_xla = wrong_in_silence, False
    elif reason is None and not _patches_pay(
        traits, bucket_of_batch(job.batch_size, job.training.n_rows)
    ):
        reason = "TensorFlow's own convolution is faster for images of this size"
    form = _form(job, traits, rules, masked=reason is None, full_by_xla=full_by_xla)
    return Plan(None, form, tuple(rules), own_rules, reason)


@dataclass(frozen=True)
class _Traits:
    """What of a structure decides its form."""

    masks: str | None  # why batches cannot be filled up, or images not counted
    convolves: bool
    patch_values: int  # of all convolutions, for one row
    multiply_adds: int
    convolutions: int


_lock = threading.Lock()
_known: OrderedDict[Structure, _Traits] = OrderedDict()


def _traits(job: FitJob) -> _Traits:
    """The traits of the job's network, found out once for each structure."""
    structure = job.network.training_structure
    with _lock:
        if structure in _known:
            return _known[structure]
    job.network.meet(*few_rows(job.training, job.network.batch_rows))
    model, costs = job.network.template, []
    # Another network may share these layers. While it is traced, they hold tensors.
    with job.network.lock:
        masks = obstacle_to_masks(model)
        replaced = [layer for layer in walk_layers(model) if replaceable(layer)]
        if masks is None:
            for layer in replaced:
                shape = _input_shape(layer)
                if shape is None:
                    masks = "the size of its images is open"
                    break
                costs.append(matmul_cost(layer, shape))
    traits = _Traits(
        masks,
        bool(replaced),
        patch_values=sum(cost.patch_values for cost in costs),
        multiply_adds=sum(cost.multiply_adds for cost in costs),
        convolutions=sum(cost.multiply_adds > 0 for cost in costs),
    )
    with _lock:
        _known[structure] = traits
        while len(_known) > 1024:
            _known.popitem(last=False)
    return traits


def _patches_pay(traits: _Traits, batch_size: int) -> bool:
    """Whether a step with convolutions as matrix products is expected to be the faster one."""
    millions = batch_size / 1e6
    by_tensorflow = (
        DISPATCH_US
        + traits.convolutions * batch_size * IMAGE_US
        + traits.multiply_adds * millions * MULTIPLY_ADDS_US
    )
    return traits.patch_values * millions * PATCHES_US <= by_tensorflow


def _input_shape(layer: Any) -> tuple[int | None, ...] | None:
    """The shape of what `layer` gets; None where it is open, or code calls it and not a graph of layers."""
    try:
        shape = tuple(layer.input.shape)
    except AttributeError:
        return None
    return None if None in shape[1:] else shape


def _obstacle(job: FitJob) -> str | None:
    """Why no program can run `job`, as the second half of a sentence."""
    base = load_keras().Model
    model = job.network.template
    for name in OWN_STEPS:
        if getattr(type(model), name) is not getattr(base, name):
            return f"{type(model).__name__} has a {name} of its own"
    if model.run_eagerly:
        return "run_eagerly is set"
    config = load_keras().config
    for limit in (config.max_epochs, config.max_steps_per_epoch):
        if limit() is not None:
            return f"keras.config.set_{limit.__name__} is set"
    unknown = options_obstacle(job)
    if unknown is not None:
        return unknown
    for layer in walk_layers(model):
        if getattr(layer, "stateful", False):
            return f"the layer {layer.name} is stateful"
    if not model.trainable_variables:
        return "nothing in the network can be trained"
    if any(sparse.issparse(leaf) for leaf in leaves(job.training.x)):
        n_bytes = dense_bytes(job.training)
        if n_bytes > DENSE_BYTES:
            return f"X is sparse and would take {n_bytes / 2**30:.1f} GiB as dense rows"
    found: str | None = optimizer_obstacle(model.optimizer)
    return found


def _form(
    job: FitJob, traits: _Traits, rules: list[Rule], *, masked: bool, full_by_xla: bool = False
) -> Form:
    rows, held_out = job.training.n_rows, job.validation
    sizes = {"batch_size": 0, "rows": 0, "held_out_batch_size": 0, "held_out_rows": 0}
    if full_by_xla:
        sizes["rows"] = bucket_of_rows(rows, dense_bytes(job.training) // rows)
        sizes["batch_size"] = job.batch_size
    if masked:
        sizes["rows"] = bucket_of_rows(rows, dense_bytes(job.training) // rows)
        sizes["batch_size"] = bucket_of_batch(job.batch_size, rows)
        if held_out is not None:
            some = held_out.n_rows
            sizes["held_out_rows"] = bucket_of_rows(some, dense_bytes(held_out) // some)
            sizes["held_out_batch_size"] = bucket_of_batch(job.validation_batch_size, some)
    return Form(
        xla=masked,
        full_by_xla=full_by_xla,
        masked=masked,
        matmul=masked and traits.convolves,
        mixes=job.mixup > 0,
        stops_at_nan=any(isinstance(rule, StopAtNaN) for rule in rules),
        epochs=int(np.clip(ORDER_ENTRIES // max(sizes["rows"], rows), 1, EPOCHS_PER_CALL)),
        **sizes,
    )
