"""ROME and R-ROME: one shift of rank one a fact, each on the weights that the one before left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.editing.control import Control
from workbench.editing.shift import Shift
from workbench.editors.located.facts import LocatedFact
from workbench.editors.located.memit import Trial, require_fit
from workbench.editors.located.reading import read
from workbench.editors.located.settings import RomeSettings
from workbench.editors.located.values import Values, search_values
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, module_of


@dataclass(frozen=True, slots=True)
class RomeStep:
    """Not applied yet."""

    shift: Shift  # of the module, a row a fact or dense
    values: tuple[Values, ...]  # of one fact each


def rome_shift(
    loaded: LoadedModel,
    module: EditableModule,
    facts: Sequence[LocatedFact],
    settings: RomeSettings,
    inverse: Tensor | None,
    trial: Trial,
    control: Control,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RomeStep:
    """``inverse``: C⁻¹ (d_k, d_k), None for no covariance. ``progress``: facts done. Raises Cancelled, NonFinite and
    OutOfMemory."""
    live = module_of(loaded.model, module)
    total: Shift | None = None
    found: list[Values] = []
    for done, fact in enumerate(facts):
        with trial({} if total is None else {module.name: total}):
            values = search_values(loaded, module, [fact], settings, control, of_block=False)
            keys, outputs = read(loaded, fact.sequences, live, live, control)
        own = _shift(keys, outputs, values.wanted[0], inverse, settings.key)
        total = own if total is None else total.plus(own)
        require_fit(loaded, module, total)
        found.append(values)
        progress(done + 1, len(facts))
    assert total is not None, "a step has facts"
    return RomeStep(total, tuple(found))


def _shift(keys: Tensor, outputs: Tensor, wanted: Tensor, inverse: Tensor | None, key: str) -> Shift:
    """``keys`` (K, d_k) and ``outputs`` (K, d_v) in all contexts, the bare prompt first."""
    mean = keys.mean(0)
    if key == "published":
        return rank_one(mean, keys[0], wanted, outputs[0], inverse)
    return rank_one(mean, mean, wanted, outputs.mean(0), inverse)


def rank_one(
    mean_key: Tensor, key: Tensor, wanted: Tensor, current: Tensor, inverse: Tensor | None = None
) -> Shift:
    """Δ = uΛᵀ with u = C⁻¹k̄/‖C⁻¹k̄‖ and Λ = (z − m)/(k·u): afterwards ``key`` (d_k) gives ``wanted`` (d_v) in place of
    ``current``. In ROME k is the bare prompt's, in R-ROME k̄ itself."""
    direction = mean_key if inverse is None else inverse.to(mean_key) @ mean_key
    direction = direction / torch.linalg.vector_norm(direction)
    return Shift(direction[None], ((wanted - current) / (key @ direction))[None])
