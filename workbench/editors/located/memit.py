"""MEMIT's spread over layers, which AlphaEdit shares: what differs is the precision that solves (``covariance``)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.editing.control import Control
from workbench.editing.precision import Precision
from workbench.editing.shift import Shift
from workbench.editors.located.facts import LocatedFact
from workbench.editors.located.reading import block_of, read
from workbench.editors.located.settings import ValueSettings
from workbench.editors.located.values import Values, search_values
from workbench.errors import NonFinite, SettingError
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, as_pattern, module_of
from workbench.models.presets import down_projections

Trial = Callable[[dict[str, Shift]], AbstractContextManager[None]]  # within it, the weights hold the shifts


@dataclass(frozen=True, slots=True)
class Spread:
    """Not applied yet."""

    shifts: dict[str, Shift]  # module name → Δ, b rows or dense
    keys: dict[str, Tensor]  # module name → (F, d_k), for ``Precision.remember`` once the shifts are applied
    values: Values


def memit_shifts(
    loaded: LoadedModel,
    modules: Sequence[EditableModule],
    facts: Sequence[LocatedFact],
    precisions: Mapping[str, Precision],
    settings: ValueSettings,
    trial: Trial,
    control: Control,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Spread:
    """One step of MEMIT, MEMIT-seq or AlphaEdit; the values are sought at the last module's block.

    ``modules``: one a layer, the lowest first. ``progress``: rounds of the search, then layers. Raises Cancelled,
    NonFinite and OutOfMemory."""
    total = settings.steps + len(modules)
    values = search_values(
        loaded,
        modules[-1],
        facts,
        settings,
        control,
        lambda done, _rounds: progress(done, total),
        of_block=True,
    )
    shifts, keys = spread(
        loaded,
        modules,
        facts,
        values.wanted,
        precisions,
        trial,
        control,
        lambda done, _layers: progress(settings.steps + done, total),
    )
    return Spread(shifts, keys, values)


def spread(
    loaded: LoadedModel,
    modules: Sequence[EditableModule],
    facts: Sequence[LocatedFact],
    wanted: Tensor,
    precisions: Mapping[str, Precision],
    trial: Trial,
    control: Control,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[dict[str, Shift], dict[str, Tensor]]:
    """Shifts, and the keys that they were made from, of each layer's module; ``wanted`` (F, d) at the last one's block.

    Keys and residuals are read again for every layer with the shifts of the lower ones in the weights."""
    top = block_of(loaded, modules[-1])
    sequences = [s for fact in facts for s in fact.sequences]
    bare = torch.tensor(_first_rows(facts), device=loaded.device)  # (F,)
    shifts: dict[str, Shift] = {}
    keys: dict[str, Tensor] = {}
    for done, module in enumerate(modules):
        with trial(shifts):
            entered, now = read(loaded, sequences, module_of(loaded.model, module), top, control)
        precision = precisions[module.name]
        keys[module.name] = _averaged(facts, entered).to(precision.inverse)
        residual = (wanted - now[bare]) / (len(modules) - done)
        shifts[module.name] = precision.shift(keys[module.name], residual.to(precision.inverse))
        require_fit(loaded, module, shifts[module.name])
        progress(done + 1, len(modules))
    return shifts, keys


def require_fit(loaded: LoadedModel, module: EditableModule, shift: Shift) -> None:
    """Raises NonFinite where the model's dtype cannot hold the shift."""
    if not shift.fits(loaded.dtype):
        raise NonFinite(
            f"The shift of {module.name} is not finite and was not applied: lower the value clamp.",
            module=module.name,
        )


def require_down_projections(
    all_modules: Sequence[EditableModule], chosen: Sequence[EditableModule]
) -> tuple[EditableModule, ...]:
    """The chosen ones, the lowest layer first. Raises SettingError unless each ends its layer's MLP."""
    down = down_projections(all_modules)
    for module in chosen:
        if module not in down:
            raise SettingError(
                "modules", f"{module.name} does not end its layer's MLP: choose among {as_pattern(down)}."
            )
    if not chosen:
        raise SettingError("modules", f"No module is chosen: choose among {as_pattern(down)}.")
    return tuple(sorted(chosen, key=lambda m: m.layer))


def _first_rows(facts: Sequence[LocatedFact]) -> list[int]:
    """Where each fact's sequences begin among all."""
    lengths = [len(fact.sequences) for fact in facts]
    return [sum(lengths[:i]) for i in range(len(facts))]


def _averaged(facts: Sequence[LocatedFact], rows: Tensor) -> Tensor:
    """(N, d_k) → (F, d_k): the bare prompt counts one half and all contexts together the other."""
    groups = rows.split([len(fact.sequences) for fact in facts])
    return torch.stack([g[0] if len(g) == 1 else (g[0] + g[1:].mean(0)) / 2 for g in groups])
