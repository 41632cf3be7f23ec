"""What the edits changed, module by module, as singular values and vectors."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from workbench.errors import ExportError, NonFinite, SettingError
from workbench.exports.edited import NO_EDITS
from workbench.models.modules import EditableModule
from workbench.models.progress import Progress, Watch

if TYPE_CHECKING:
    from workbench.editing.editor import Editor

EXACT_SIDE = (
    2_048  # smaller side up to which the whole decomposition is made; beyond it takes minutes a module
)
MOST_RANK = 512  # of a randomised decomposition
_OVERSAMPLING, _ITERATIONS = 16, 4  # after Halko, Martinsson and Tropp 2011


@dataclass(frozen=True, slots=True)
class Factors:
    """Δ ≈ left · diag(singular) · rightᵀ, float32 on the CPU."""

    module: EditableModule
    left: Tensor = field(repr=False)  # (d_k, k)
    singular: Tensor = field(repr=False)  # (k,) descending
    right: Tensor = field(repr=False)  # (d_v, k)
    energy: float  # ‖Δ‖_F²

    def energies(self) -> Tensor:
        """(k + 1,) float64: the part of ``energy`` that ranks 0 … k hold."""
        held = self.singular.double().square().cumsum(0)
        return torch.cat([torch.zeros(1, dtype=torch.float64), held]).clamp(max=self.energy)

    def kept(self, rank: int) -> float:
        """Share of the energy, 0 to 1."""
        return float(self.energies()[min(rank, len(self.singular))]) / self.energy


@dataclass(frozen=True)
class Decomposition:
    """Of all modules that the edits moved; the largest rank it knows is ``most``."""

    factors: tuple[Factors, ...]
    exact: bool  # False: singular vectors by a randomised method, up to rank MOST_RANK

    @cached_property
    def curve(self) -> list[float]:
        """(most + 1,) share of the energy of all modules together that ranks 0 … most keep; never falls."""
        held = torch.zeros(self.most + 1, dtype=torch.float64)
        for part in self.factors:
            energies = part.energies()
            held[: len(energies)] += energies
            held[len(energies) :] += energies[-1]
        shares: list[float] = (held / sum(part.energy for part in self.factors)).clamp(max=1.0).tolist()
        return shares

    @property
    def most(self) -> int:
        return max(len(part.singular) for part in self.factors)

    def kept(self, rank: int) -> float:
        """Share of the energy of all modules together, 0 to 1."""
        return self.curve[min(rank, self.most)]

    def kept_by_module(self, rank: int) -> dict[str, float]:
        return {part.module.name: part.kept(rank) for part in self.factors}

    def rank_for(self, energy: float) -> int:
        """The smallest rank, the same for all modules, that keeps this share. Raises SettingError where none does."""
        rank = bisect.bisect_left(self.curve, energy - 1e-6)  # factors are float32
        if rank > self.most:
            raise SettingError(
                "energy",
                f"Captured energy is {energy:g} and rank {self.most:,}, the largest that was computed, keeps "
                f"{self.curve[-1]:.4f}: give less.",
            )
        return max(1, rank)

    def require_rank(self, rank: int) -> int:
        """``rank``. Raises SettingError where it is beyond what the modules have."""
        if not 1 <= rank <= self.most:
            raise SettingError("rank", f"Rank is {rank:,}: give a number from 1 to {self.most:,}.")
        return rank


def decompose(
    editor: "Editor",
    progress: Progress | None = None,
    cancel: Event | None = None,
    exact_side: int = EXACT_SIDE,
) -> Decomposition:
    """Of base + moved − base in float32, before any rounding to the model's dtype.

    Raises ExportError without edits, NonFinite and Cancelled."""
    watch = Watch(progress, cancel)
    moved = {name: tensor for name, tensor in editor.model.delta().items() if bool(tensor.any())}
    if not moved:
        raise ExportError(NO_EDITS)
    found: list[Factors] = []
    for module in editor.modules:
        if module.name in moved:
            watch.report("decomposing the change", len(found), len(moved), "modules")
            found.append(_factors(module, moved[module.name], exact_side))
    watch.report("decomposing the change", len(found), len(moved), "modules")
    return Decomposition(tuple(found), all(_is_exact(moved[f.module.name], exact_side) for f in found))


def _is_exact(moved: Tensor, exact_side: int) -> bool:
    return min(moved.shape) <= exact_side


def _factors(module: EditableModule, moved: Tensor, exact_side: int) -> Factors:
    if not bool(torch.isfinite(moved).all()):
        raise NonFinite(
            f"The change of {module.name} is not finite: return to an earlier step.", module=module.name
        )
    energy = float(torch.linalg.vector_norm(moved, dtype=torch.float64)) ** 2
    if _is_exact(moved, exact_side):
        left, singular, right_t = torch.linalg.svd(moved, full_matrices=False)
        right = right_t.T
    else:
        left, singular, right = _randomised(moved)
    left, singular, right = (t.cpu().contiguous() for t in (left, singular, right))
    return Factors(module, left, singular, right, energy)


def _randomised(moved: Tensor) -> Sequence[Tensor]:
    """The same vectors every time; the person's own random state stays as it is."""
    devices = [moved.device] if moved.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(0)
        width = min(MOST_RANK + _OVERSAMPLING, *moved.shape)
        parts = torch.svd_lowrank(moved, q=width, niter=_ITERATIONS)
    return [part[..., :MOST_RANK] for part in parts]
