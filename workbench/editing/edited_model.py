"""A model under edit: its weights before the first edit, and the sum of all shifts since. Knows no method."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.editing.shift import Shift, inner, inner_dense
from workbench.evaluation.stability import cosine
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, module_of


@dataclass(slots=True)
class _Edited:
    """One module. Shifts in (d_k, d_v) orientation, float32."""

    module: EditableModule
    weight: Tensor  # the model's own parameter, in its dtype and orientation
    base: Tensor  # its value before the first edit, a copy in the same orientation and dtype
    delta: Tensor  # (d_k, d_v) float32: the sum of all shifts; base + delta is the fp32 master
    base_norm: float
    last: Shift | None = None
    last_norm: float = 0.0


@dataclass(frozen=True, slots=True)
class Moves:
    """What one shift does to a module; norms are Frobenius."""

    norm: float
    drift: float  # ‖sum of all shifts with it‖ over the unedited weight's norm
    cosine_previous: float  # with the step before; NaN for the first
    cosine_sum: float  # with the sum of all before


class EditedModel:
    """``modules`` of a loaded model, edited in place. Everything here lives on the model's device."""

    def __init__(self, loaded: LoadedModel, modules: Sequence[EditableModule]) -> None:
        self.loaded, self.modules = loaded, tuple(modules)
        self._edited = {m.name: _edited(loaded, m) for m in modules}

    def delta(self) -> dict[str, Tensor]:
        """Module name → the sum of its shifts, (d_k, d_v) float32; the live tensors."""
        return {name: e.delta for name, e in self._edited.items()}

    def base(self) -> dict[str, Tensor]:
        """Module name → unedited weight as the model stores it."""
        return {name: e.base for name, e in self._edited.items()}

    @property
    def is_edited(self) -> bool:
        return any(bool(e.delta.any()) for e in self._edited.values())

    def add(self, shifts: dict[str, Shift]) -> None:
        """W ← W + Δ in the fp32 master, cast to the model's dtype after adding."""
        for name, shift in shifts.items():
            self._edited[name].delta.add_(shift.dense())
            self._write(name)

    @contextmanager
    def trying(self, shifts: dict[str, Shift]) -> Iterator[None]:
        """Within it, the model's weights hold the shifts too; nothing else changes."""
        try:
            for name, shift in shifts.items():
                self._write(name, shift)
            yield
        finally:
            self.write_weights()

    @contextmanager
    def unedited(self) -> Iterator[None]:
        """Within it, the model holds the weights from before the first edit."""
        with torch.no_grad():
            edited = {name: e.weight.clone() for name, e in self._edited.items()}
            for e in self._edited.values():
                e.weight.copy_(e.base)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, e in self._edited.items():
                    e.weight.copy_(edited[name])

    def restore(self) -> None:
        """The unedited weights, bit for bit."""
        for edited in self._edited.values():
            edited.delta.zero_()
            edited.last, edited.last_norm = None, 0.0
            with torch.no_grad():
                edited.weight.copy_(edited.base)

    def write_weights(self) -> None:
        """Put base + delta into the model, after ``delta`` was changed from outside."""
        for name in self._edited:
            self._write(name)

    def relative_length(self, shifts: dict[str, Shift]) -> float:
        """√Σ (‖Δ‖/‖W₀‖)² over the modules."""
        return math.hypot(*(s.norm() / self._edited[name].base_norm for name, s in shifts.items()))

    def within_cap(self, shifts: dict[str, Shift], more: dict[str, Shift], cap: float) -> dict[str, Shift]:
        """Of ``more`` what leaves the sum no longer than ``cap`` times its module's unedited weight; 0: no cap."""
        return {
            name: shift
            for name, shift in more.items()
            if cap == 0 or shifts[name].plus(shift).norm() <= cap * self._edited[name].base_norm
        }

    def moves(self, name: str, shift: Shift) -> Moves:
        """Of a shift that is about to be added."""
        edited = self._edited[name]
        norm, sum_norm, with_sum = shift.norm(), float(edited.delta.norm()), inner_dense(shift, edited.delta)
        drifted = max(sum_norm**2 + 2 * with_sum + norm**2, 0.0) ** 0.5
        previous = float("nan")
        if edited.last is not None:
            previous = cosine(inner(shift, edited.last), norm, edited.last_norm)
        return Moves(norm, drifted / edited.base_norm, previous, cosine(with_sum, norm, sum_norm))

    def remember_last(self, shifts: dict[str, Shift]) -> None:
        """What the next step's cosines are taken with."""
        for name, shift in shifts.items():
            self._edited[name].last, self._edited[name].last_norm = shift, shift.norm()

    def _write(self, name: str, tried: Shift | None = None) -> None:
        edited = self._edited[name]
        total = edited.delta if tried is None else edited.delta + tried.dense()
        moved = total if edited.module.transposed else total.T
        with torch.no_grad():
            edited.weight.copy_(edited.base.float() + moved)


def _edited(loaded: LoadedModel, module: EditableModule) -> _Edited:
    weight = module_of(loaded.model, module).weight
    assert isinstance(weight, Tensor)
    base = weight.detach().clone()
    delta = torch.zeros(module.d_in, module.d_out, dtype=torch.float32, device=weight.device)
    return _Edited(module, weight, base, delta, float(base.float().norm()))
