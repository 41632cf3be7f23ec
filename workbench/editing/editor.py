"""StableEdit's state on an edited model: running statistics and precision; and what a step does to them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from workbench.editing.carrying import Made
from workbench.editing.edited_model import EditedModel
from workbench.editing.events import ModuleStep
from workbench.editing.moments import Moments
from workbench.editing.precision import Precision
from workbench.editing.recipe import Recipe
from workbench.editing.shift import Shift, ridge_shift
from workbench.editing.tracing import Traced
from workbench.editing.update import residual
from workbench.editing.whitening import Whitening, whitening
from workbench.errors import NonFinite
from workbench.models.loaded import LoadedModel
from workbench.models.machine import one_a_thread
from workbench.models.modules import EditableModule


class Editor:
    """Edits ``modules`` of a loaded model in place. Everything here lives on the model's device."""

    def __init__(self, loaded: LoadedModel, modules: Sequence[EditableModule], recipe: Recipe) -> None:
        self.model, self.recipe = EditedModel(loaded, modules), recipe
        self._statistics_of = {m.name: _statistics_key(m, recipe) for m in modules}
        self.statistics = self._empty_statistics()
        self.precisions: dict[str, Precision] = {}
        # bf16 gradients carry 8 bits: a float32 decomposition loses nothing of them.
        self._decomposition_dtype = torch.float64 if loaded.dtype == torch.float32 else torch.float32

    @property
    def loaded(self) -> LoadedModel:
        return self.model.loaded

    @property
    def modules(self) -> tuple[EditableModule, ...]:
        return self.model.modules

    @property
    def texts_needed(self) -> int:
        """How many sampled texts it asks for; 0: no more than others."""
        return 0

    @property
    def made(self) -> Made:
        names = frozenset(m.name for m in self.modules)
        seen = any(s.rows for s in self.statistics.values())
        return Made(self.recipe, names, seen, bool(self.precisions))

    @property
    def rows(self) -> int:
        """Answer tokens seen by the statistics object that has seen fewest."""
        return min(s.rows for s in self.statistics.values())

    @property
    def rows_needed(self) -> int:
        """What full whitening of every module needs."""
        return max(s.rows_needed for s in self.statistics.values())

    @property
    def keeps_precision(self) -> bool:
        return self.recipe.keeps_precision

    def protect(self, text_keys: dict[str, Tensor]) -> None:
        """Start the precision of every module from C₀ (d_k, d_k) over ordinary text; empty: no protection."""
        for name, delta in self.model.delta().items():
            self.precisions[name] = Precision.prior(
                self.recipe.ridge, self.recipe.protection, text_keys.get(name), delta.T
            )

    def observe(self, traced: Traced) -> None:
        """Step 2: all modules that share statistics are counted in before any is normalised."""
        for name in self._statistics_of:
            self.statistics[self._statistics_of[name]].update(traced.keys[name], traced.values[name])

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Where the step fails within it, the statistics are again what they were."""
        before = {key: s.snapshot() for key, s in self.statistics.items()}
        try:
            yield
        except BaseException:
            self.statistics = before
            raise

    def shifts(
        self, traced: Traced, warming_up: bool, whitenings: dict[str, Whitening] | None = None
    ) -> tuple[dict[str, Shift], dict[str, Whitening]]:
        """Steps 3 to 5 for every module, and the whitening of each statistics object that was used, unless it is
        at hand. Raises NonFinite with the module's name."""
        name = ""
        try:
            if whitenings is None:
                whitenings = {} if warming_up else self._whitenings()
            shifts: dict[str, Shift] = {}
            for name in self._statistics_of:
                shifts[name] = self._shift(name, traced, whitenings)
        except torch.linalg.LinAlgError as error:
            raise NonFinite(
                f"The statistics{f' of {name}' * bool(name)} cannot be decomposed ({error}); the step was not applied.",
                module=name,
            ) from error
        return shifts, whitenings

    def _shift(self, name: str, traced: Traced, whitenings: dict[str, Whitening]) -> Shift:
        target = residual(
            traced.keys[name],
            traced.values[name],
            self.statistics[self._statistics_of[name]],
            whitenings.get(self._statistics_of[name]),
            self.recipe.normalisation,
            step_size=self.recipe.step_size,
            rescale=self.recipe.rescale,
            key_cap=self.recipe.key_cap,
        )
        shift = self._solve(name, traced.keys[name], target)
        if not shift.fits(self.loaded.dtype):
            raise NonFinite(
                f"The shift of {name} is not finite and was not applied: lower the step size.", module=name
            )
        return shift

    def apply(self, shifts: dict[str, Shift], traced: Traced | None = None) -> None:
        """Step 6. With ``traced``, the step's keys enter the edit memory; those of a step without shifts, a
        warm-up's, with their own weight."""
        self.model.add(shifts)
        if traced is not None:
            self.remember(traced.keys, self.recipe.memory if shifts else self.recipe.warmup_memory)

    def remember(self, keys: dict[str, Tensor], weight: float) -> None:
        """Module name → (n, d_k): what these keys lead to is kept by later shifts."""
        for name, precision in self.precisions.items():
            if name in keys:  # a step that was skipped has none
                precision.remember(keys[name], weight)

    @contextmanager
    def passing_memory(self) -> Iterator[None]:
        """What is remembered within it is forgotten after it."""
        before = self.precisions
        self.precisions = {name: Precision(p.inverse.clone()) for name, p in before.items()}
        try:
            yield
        finally:
            self.precisions = before

    def measure(self, shifts: dict[str, Shift], whitenings: dict[str, Whitening]) -> dict[str, ModuleStep]:
        """Norms, drift and cosines of shifts about to be applied; call it before ``apply``."""
        return {name: self._measured(name, shift, whitenings) for name, shift in shifts.items()}

    def restore(self) -> None:
        """The unedited weights, bit for bit, and empty statistics."""
        self.model.restore()
        self.statistics = self._empty_statistics()
        self.precisions = {}

    def _rows_of(self, name: str) -> int:
        """That the module's statistics have seen."""
        return self.statistics[self._statistics_of[name]].rows

    def _empty_statistics(self) -> dict[str, Moments]:
        whiten = self.recipe.normalisation == "whitening"
        dtype = torch.float64 if self.loaded.device.type == "cpu" else torch.float32
        return {
            self._statistics_of[m.name]: Moments.empty(m.d_in, m.d_out, whiten, dtype, self.loaded.device)
            for m in self.modules
        }

    def _whitenings(self) -> dict[str, Whitening]:
        """One decomposition per statistics object."""
        ready = [(key, s) for key, s in self.statistics.items() if s.can_whiten]
        if self.loaded.device.type != "cpu":
            return {key: self._whitening(key, s) for key, s in ready}
        made = one_a_thread(lambda item: self._whitening(*item), ready)
        return {key: found for (key, _), found in zip(ready, made, strict=True)}

    def _whitening(self, key: str, statistics: Moments) -> Whitening:
        relative = self.recipe.floor_kind == "relative"
        try:
            return whitening(statistics.covariance(), self.recipe.floor, relative, self._decomposition_dtype)
        except (NonFinite, torch.linalg.LinAlgError) as error:
            raise NonFinite(f"{key}: {error}", module=key) from error

    def _solve(self, name: str, keys: Tensor, target: Tensor) -> Shift:
        if name in self.precisions:
            return self.precisions[name].shift(keys, target)
        return ridge_shift(keys, target, self.recipe.ridge)

    def _measured(self, name: str, shift: Shift, whitenings: dict[str, Whitening]) -> ModuleStep:
        moves, key = self.model.moves(name, shift), self._statistics_of[name]
        used, nan = whitenings.get(key), float("nan")
        return ModuleStep(
            shift_norm=moves.norm,
            weight_drift=moves.drift,
            cosine_previous=moves.cosine_previous,
            cosine_sum=moves.cosine_sum,
            eigenvalue_min=float(used.eigenvalues[0]) if used else nan,
            eigenvalue_max=float(used.eigenvalues[-1]) if used else nan,
            condition=used.condition if used else nan,
            floored_share=used.floored_share if used else nan,
            floor=used.floor if used else nan,
            rows=self._rows_of(name),
            d_out=self.model.delta()[name].shape[1],
            spectrum=(used.spectrum() if used else torch.empty(0)).double().numpy(),
        )


def _statistics_key(module: EditableModule, recipe: Recipe) -> str:
    return module.name if recipe.scope == "module" else f"{module.d_in}×{module.d_out}"
