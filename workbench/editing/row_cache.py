"""Warm-up rows of the unedited model: the same model, modules and facts need no second pass."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from workbench.editing.items import Chunk
from workbench.editing.kept_tensors import KeptTensors, of_model
from workbench.editing.recipe import Recipe
from workbench.editing.tracing import Traced
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule


class RowCache:
    def __init__(
        self, folder: Path, loaded: LoadedModel, modules: Sequence[EditableModule], recipe: Recipe
    ) -> None:
        self._kept, self._device, self._names = KeptTensors(folder), loaded.device, [m.name for m in modules]
        minibatch = 0 if recipe.loss == "per-edit" else recipe.minibatch
        self._alike = ["rows", *of_model(loaded, modules), recipe.loss, minibatch]

    def holds(self, chunk: Chunk) -> bool:
        return self._kept.holds(self._key(chunk))

    def find(self, chunk: Chunk) -> Traced | None:
        """None where they are not there, or not whole."""
        tensors = self._kept.find(self._key(chunk))
        try:
            return None if tensors is None else self._traced(tensors)
        except KeyError:
            return None

    def keep(self, chunk: Chunk, traced: Traced) -> None:
        parts = {"losses": traced.losses, "success": traced.success, "facts": traced.facts}
        parts |= {f"{name}/keys": rows for name, rows in traced.keys.items()}
        parts |= {f"{name}/values": rows for name, rows in traced.values.items()}
        if traced.subject is not None and traced.answer is not None:
            parts |= {"subject": traced.subject, "answer": traced.answer}
        self._kept.keep(self._key(chunk), parts)

    def _key(self, chunk: Chunk) -> list[object]:
        items = [[e.ids, e.answer, e.start, e.subject] for e in chunk.items]
        return [*self._alike, items, chunk.weights]

    def _traced(self, tensors: dict[str, Tensor]) -> Traced:
        return Traced(
            {name: tensors[f"{name}/keys"].to(self._device) for name in self._names},
            {name: tensors[f"{name}/values"].to(self._device) for name in self._names},
            tensors["losses"],
            tensors["success"],
            tensors["facts"],
            tensors.get("subject"),
            tensors.get("answer"),
        )
