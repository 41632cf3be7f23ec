"""What calibration searches: modules, γ, λ, β, η, η₀, passes and the floor, in steps that scores can tell apart."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import optuna

from workbench.editing.recipe import Recipe
from workbench.errors import SettingError
from workbench.models.modules import EditableModule, as_pattern, select
from workbench.settings import described

RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)
PROTECTIONS = (0.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0)  # β/λ is what acts; given for λ = 1
MEMORIES = (0.0, 0.1, 0.3, 1.0, 3.0)
WARMUP_MEMORIES = (0.0, 0.3, 1.0, 3.0)  # searched where the warm-up leaves the weights alone
PASSES = (1, 2, 3, 5, 8)
FLOORS = (0.003, 0.01, 0.03, 0.1)  # relative
_WINDOW = 12  # layers at most
_LOWEST = 0.4  # of the depth: facts are written above it
_SPAN = 8.0  # γ is searched from an eighth of the starting one to eight times it
_GRID_LENGTHS, _GRID_EVERY = (5, 9), 4
_GRID_SPANS = (0.35, 0.6, 1.0, 1.7, 3.0)
_GRID_PROTECTIONS = (0.0, 100.0, 300.0)

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Space:
    """Around the recipe that the person would run: what is not searched stays as there."""

    start: Recipe
    of_model: tuple[EditableModule, ...]  # all that can be edited
    modules: tuple[EditableModule, ...]  # the candidates: of one projection, layer by layer

    @classmethod
    def around(cls, start: Recipe, modules: Sequence[EditableModule]) -> "Space":
        """Layers from 40 % of the depth up to the last but one, and those of the starting recipe."""
        chosen = select(modules, start.modules)
        projection = Counter(m.projection for m in chosen).most_common(1)[0][0]
        depth = 1 + max(m.layer for m in modules)
        first = min(int(_LOWEST * depth), *(m.layer for m in chosen if m.projection == projection))
        last = max(depth - 2, *(m.layer for m in chosen if m.projection == projection))
        found = tuple(m for m in modules if m.projection == projection and first <= m.layer <= last)
        return cls(start, tuple(modules), found)

    def fitting(self, room: int, rows: int) -> "Space":
        """Without its lowest layers, as far as the traces of all would take more than ``room`` bytes: ``rows`` answer
        tokens and C₀ of every candidate. Those of the starting recipe stay."""
        kept = list(self.modules)
        chosen = select(self.of_model, self.start.modules)
        while kept[0] not in chosen and sum(_bytes_of(m, rows) for m in kept) > room:
            kept.pop(0)
        return replace(self, modules=tuple(kept))

    @property
    def searches_floor(self) -> bool:
        return self.start.normalisation == "whitening" and self.start.floor_kind == "relative"

    @property
    def searches_warmup_memory(self) -> bool:
        return self.start.warmup_mode == "statistics"

    def recipe(self, values: Values) -> Recipe:
        ridge = RIDGES[values["ridge"]]
        changes: Values = {
            "modules": self._window(values["top"], values["length"]),
            "step_size": float(f"{values['step_size']:.2g}"),
            "ridge": ridge,
            "protection": PROTECTIONS[values["protection"]] * ridge,
            "memory": MEMORIES[values["memory"]],
            "passes": PASSES[values["passes"]],
        }
        if "warmup_memory" in values:
            changes["warmup_memory"] = WARMUP_MEMORIES[values["warmup_memory"]]
        if "floor" in values:
            changes["floor"] = FLOORS[values["floor"]]
        return self.start.with_(**changes)

    def values(self, recipe: Recipe) -> Values | None:
        """Where a recipe lies in the space; None for one that lies outside it."""
        window = self._place(recipe.modules)
        ridge, ratio = recipe.ridge, recipe.protection / recipe.ridge
        low, high = self._step_sizes()
        inside = (
            ridge in RIDGES and ratio in PROTECTIONS and recipe.memory in MEMORIES and recipe.passes in PASSES
        )
        if window is None or not inside or not low <= recipe.step_size <= high:
            return None
        found: Values = {
            **window,
            "step_size": recipe.step_size,
            "ridge": RIDGES.index(ridge),
            "protection": PROTECTIONS.index(ratio),
            "memory": MEMORIES.index(recipe.memory),
            "passes": PASSES.index(recipe.passes),
        }
        if self.searches_warmup_memory:
            if recipe.warmup_memory not in WARMUP_MEMORIES:
                return None
            found["warmup_memory"] = WARMUP_MEMORIES.index(recipe.warmup_memory)
        if self.searches_floor:
            if recipe.floor not in FLOORS:
                return None
            found["floor"] = FLOORS.index(recipe.floor)
        return found if _same_method(self.recipe(found), recipe) else None

    def distributions(self) -> dict[str, optuna.distributions.BaseDistribution]:
        """What ``suggest`` draws from, by the name of the parameter."""
        whole = optuna.distributions.IntDistribution
        found: dict[str, optuna.distributions.BaseDistribution] = {
            "top": whole(0, len(self.modules) - 1),
            "length": whole(1, min(_WINDOW, len(self.modules))),
            "step_size": optuna.distributions.FloatDistribution(*self._step_sizes(), log=True),
            "ridge": whole(0, len(RIDGES) - 1),
            "protection": whole(0, len(PROTECTIONS) - 1),
            "memory": whole(0, len(MEMORIES) - 1),
            "passes": whole(0, len(PASSES) - 1),
        }
        if self.searches_warmup_memory:
            found["warmup_memory"] = whole(0, len(WARMUP_MEMORIES) - 1)
        if self.searches_floor:
            found["floor"] = whole(0, len(FLOORS) - 1)
        return found

    def grid(self) -> Iterator[Recipe]:
        """Windows of two lengths that end at every fourth layer, five γ, three β: all of them."""
        tops = range(len(self.modules) - 1, -1, -_GRID_EVERY)
        sizes = [float(f"{self.start.step_size * factor:.2g}") for factor in _GRID_SPANS]
        windows = {self._window(top, length): None for top, length in product(tops, _GRID_LENGTHS)}
        for modules, size, beta in product(windows, sizes, _GRID_PROTECTIONS):
            yield self.start.with_(modules=modules, step_size=size, protection=beta * self.start.ridge)

    def _window(self, top: int, length: int) -> str:
        return as_pattern(m for m in self.modules[max(0, top + 1 - length) : top + 1])

    def _place(self, pattern: str) -> Values | None:
        """Of modules that are one window of candidates, its top and length."""
        try:
            chosen = select(self.of_model, pattern)
        except SettingError:
            return None
        length = len(chosen)
        for top in range(length - 1, len(self.modules)):
            if self.modules[top + 1 - length : top + 1] == chosen:
                return {"top": top, "length": length} if length <= _WINDOW else None
        return None

    def _step_sizes(self) -> tuple[float, float]:
        high = described(Recipe)["step_size"].high
        wanted = self.start.step_size * _SPAN
        return self.start.step_size / _SPAN, wanted if high is None else min(wanted, high)


def _bytes_of(module: EditableModule, rows: int) -> int:
    """Of float32 keys, value gradients and C₀."""
    return 4 * (rows * (module.d_in + module.d_out) + module.d_in**2)


def _same_method(a: Recipe, b: Recipe) -> bool:
    """Equal but for how the recipe and its modules are spelt, and what a study does not run."""
    return (
        a.with_(name=b.name, modules=b.modules, step_size=b.step_size, evaluate_every=b.evaluate_every) == b
    )
