"""The state of a located editor: what its solves know of ordinary text and of the steps before."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from workbench.editing.carrying import Made
from workbench.editing.editor import Editor
from workbench.editing.moments import Moments
from workbench.editing.precision import Precision
from workbench.editing.recipe import Recipe
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.editors.located.covariance import covariance_precision, null_space, texts_needed
from workbench.editors.located.memit import require_down_projections
from workbench.editors.located.settings import AlphaEditSettings, MemitSettings, ValueSettings
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule


class LocatedEditor(Editor):
    """MEMIT, AlphaEdit or ROME, by the recipe's settings. Keeps no statistics of rows."""

    def __init__(self, loaded: LoadedModel, modules: Sequence[EditableModule], recipe: Recipe) -> None:
        """Raises SettingError unless each module ends its layer's MLP."""
        super().__init__(loaded, require_down_projections(loaded.modules, modules), recipe)

    @property
    def settings(self) -> ValueSettings:
        settings = self.recipe.method
        assert isinstance(settings, ValueSettings)
        return settings

    @property
    def made(self) -> Made:
        """Edits count as rows do elsewhere."""
        return replace(super().made, rows=self.model.is_edited)

    @property
    def rows(self) -> int:
        return 0

    @property
    def rows_needed(self) -> int:
        return 0

    @property
    def texts_needed(self) -> int:
        if not self.recipe.reads_text:
            return 0
        return 2 * texts_needed(
            max(m.d_in for m in self.modules)
        )  # half of what is sampled is for the scores

    def protect(self, text_keys: dict[str, Tensor]) -> None:
        self.precisions = {name: self._precision(found) for name, found in text_keys.items()}

    def observe(self, traced: Traced) -> None:
        """No statistics."""

    def apply(self, shifts: dict[str, Shift], traced: Traced | None = None) -> None:
        """With ``traced``, and where earlier steps are held, its keys enter the memory."""
        self.model.add(shifts)
        if traced is not None and shifts and self._holds_earlier_steps:
            self.remember(traced.keys, 1.0)

    @property
    def _holds_earlier_steps(self) -> bool:
        settings = self.settings
        return isinstance(settings, AlphaEditSettings) or (
            isinstance(settings, MemitSettings) and settings.sequential
        )

    def _precision(self, covariance: Tensor) -> Precision:
        settings = self.settings
        if isinstance(settings, AlphaEditSettings):
            relative = settings.threshold_kind == "relative"
            return null_space(covariance, settings.threshold, relative=relative).precision(settings.ridge)
        weight = settings.protection if isinstance(settings, MemitSettings) else 1.0
        return covariance_precision(covariance, weight)

    def _empty_statistics(self) -> dict[str, Moments]:
        return {}

    def _rows_of(self, name: str) -> int:
        del name
        return 0
