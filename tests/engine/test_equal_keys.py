"""Networks that skdl takes for the same compute the same, and those that are the same are taken for it.

What two networks share is found by their keys. Here each setting of each object is varied alone: where two
keys are equal, the graphs are traced and compared, constants included. And each network is built twice, for
keys that never were equal would pass.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from skdl.engine.structure.key import prediction_structure, training_structure
from tests.engine.graph_text import fresh_state_of, prediction_text, training_text
from tests.engine.zoo_of_keras import layer_items, rows_of
from tests.engine.zoo_of_models import ADAPTED, MODELS
from tests.engine.zoo_of_training import training_items
from tests.engine.zoo_of_users import LAYERS
from tests.engine.zoo_of_users_training import PARTS
from tests.engine.zoo_settings import ALONE
from tests.selection import some

KEYS = {"training": training_structure, "prediction": prediction_structure}
KERAS = [*layer_items(), *training_items()]
USERS = [*LAYERS, *MODELS, *ADAPTED, *PARTS]
# What a newcomer's run looks at; the others take minutes.
SAMPLE = {
    *("layers.Dense", "layers.MaxPool1D", "layers.Normalization", "losses.Huber"),
    *("metrics.Precision", "optimizers.RMSprop", "constraints.MaxNorm", "regularizers.L1L2"),
    *("a private attribute of a layer", "a global that a loss names", "pool in a Model"),
    "a closure of a metric",
}


def text_of(purpose, item, model):
    x, y = rows_of(item, model)
    if purpose == "training":
        return training_text(model, x, y, gradients=item.gradients)
    return prediction_text(model, x)


def told(item, settings):
    """How a setting is called in a message."""
    return {k: v for k, v in settings.items() if item.base.get(k) is not v} or "as it is"


def confused(purpose, item, keyed):
    """The settings whose networks have one key and other graphs.

    `keyed` are settings, their network and its keys by purpose.
    """
    found, groups = [], defaultdict(list)
    for settings, model, keys in keyed:
        groups[keys[purpose]].append((settings, model))
    for key, group in groups.items():
        texts = {}
        for settings, model in several_at_once(purpose, item, key, group) if len(group) > 1 else ():
            text = text_of(purpose, item, model)
            first = texts.setdefault(text, settings)
            if len(texts) > 1 and first is settings:
                found.append((purpose, told(item, group[0][0]), told(item, settings)))
        if purpose == "training" and len(group) > 1:
            found += confused_states(item, group)
    return found


def several_at_once(purpose, item, key, group):
    """The settings and networks to trace instead of `group`, whose networks have one key: fewer, as telling.

    An argument that changes the graph alone also changes it beside arguments that do not.
    """
    (base, model), *others = group
    together, merged, left = dict(base), [], []
    for settings, other in others:
        changed = {k: v for k, v in settings.items() if k not in base or base[k] is not v}
        if changed.keys() & {k for k, v in together.items() if k not in base or base[k] is not v}:
            left.append((settings, other))
        else:
            together |= changed
            merged.append((settings, other))
    if len(merged) < 2 or base != item.base:
        return group
    try:
        at_once = item.build(together)
    except ValueError:
        return group  # Keras refuses some arguments beside others
    if KEYS[purpose](at_once) != key:
        return group
    return [(base, model), (together, at_once), *left]


def confused_states(item, group):
    """The settings whose optimizers are taken for the same, and begin otherwise."""
    found, starts = [], {}
    for settings, model in group:
        numbers, state = fresh_state_of(model)
        first, expected = starts.setdefault(numbers, (settings, state))
        if state != expected:
            found.append(("start of the optimizer", told(item, first), told(item, settings)))
    return found


def keys_of(model):
    return {purpose: key_of(model) for purpose, key_of in KEYS.items()}


def test_the_sample_is_among_the_items():
    assert {item.id for item in (*KERAS, *USERS)} >= SAMPLE


@pytest.mark.parametrize("purpose", KEYS)
def test_a_text_tells_constants_apart_and_leaves_names_out(purpose):
    item = next(one for one in LAYERS if one.id == "a tensor of a layer")
    one, other = item.settings()
    texts = [text_of(purpose, item, item.build(settings)) for settings in (one, one, other)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    "item", some([*KERAS, *USERS], *SAMPLE, mark="thorough", ids=lambda item: item.id)
)
def test_one_key_means_one_graph_and_networks_built_alike_have_one_key(item):
    keyed = [
        (settings, model, keys_of(model))
        for settings in item.settings()
        for model in [item.build(settings)]
    ]
    assert [one for purpose in KEYS for one in confused(purpose, item, keyed)] == []
    alike = [(s, keys, keys_of(item.build(s))) for s, _, keys in keyed if item.is_remade(s)]
    assert [told(item, settings) for settings, keys, again in alike if keys != again] == []


@pytest.mark.parametrize("item", [pytest.param(item, id=item.id) for item in layer_items()])
def test_every_setting_of_a_layer_of_keras_is_varied(item):
    name = item.id.partition(".")[2]
    alone = {k for k, values in item.varied.items() if not values}
    assert {k for k in alone if k not in ALONE and f"{name}.{k}" not in ALONE} == set()
