"""What of a run does not depend on γ, λ, β, η, the floor or the choice of modules: traced once, used by every trial."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from workbench.editing.batches import step_sizes
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.items import Chunk, Items, items_of, warmup_items
from workbench.editing.moments import Moments
from workbench.editing.precision import Precision
from workbench.editing.protection import text_keys
from workbench.editing.recipe import Recipe
from workbench.editing.tracing import Traced, trace
from workbench.editing.whitening import Whitening, whitening
from workbench.errors import OutOfMemory
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule
from workbench.models.prefix import SharedPrefix

Report = Callable[[int, int], None]


def of_modules(traced: Traced, names: Iterable[str]) -> Traced:
    """The rows of these modules only."""
    names = tuple(names)
    return replace(
        traced,
        keys={name: traced.keys[name] for name in names},
        values={name: traced.values[name] for name in names},
    )


class Traces:
    """Rows of the warm-up and of the first step, C₀, and what is decomposed and inverted from them.

    Rows take 4 (d_k + d_v) bytes per answer token and module; C₀ 4 d_k² bytes a module, read only where some
    trial protects. Decompositions and inverses are dropped, the oldest first, beyond ``room`` bytes."""

    def __init__(
        self,
        loaded: LoadedModel,
        modules: Sequence[EditableModule],
        warmup: Sequence[Fact],
        facts: Sequence[Fact],
        texts: Sequence[str] = (),
        room: int = 1 << 30,
    ) -> None:
        """``facts``: those to be edited, of which the first step's are traced. The model must be unedited."""
        self.loaded, self.modules = loaded, tuple(modules)
        self.warmup, self.facts, self._texts = tuple(warmup), tuple(facts), tuple(texts)
        self.prefix = SharedPrefix(loaded, self.modules, room)
        self._warmups: dict[tuple[object, ...], tuple[Traced, ...]] = {}
        self._firsts: dict[tuple[object, ...], Traced] = {}
        self._moments_of: dict[tuple[object, ...], Moments] = {}
        self._text_keys: dict[str, Tensor] | None = None
        self._kept: OrderedDict[tuple[object, ...], tuple[Tensor, ...]] = OrderedDict()
        self._room = room

    def warmups(
        self,
        recipe: Recipe,
        control: Control,
        report: Report = lambda _done, _total: None,
        enough: Callable[[int], bool] = lambda _done: False,
    ) -> tuple[Traced, ...]:
        """Of all candidate modules, batch by batch; traced when first asked for. Only the loss and how facts are
        batched make others necessary. ``enough``, asked after each batch: the facts that follow are left out for
        good."""
        key = self._traced_alike(recipe)
        if key not in self._warmups:
            facts = self.warmup[: recipe.warmup_facts]
            items, names = warmup_items(self.loaded, recipe, facts), [fact.prompt for fact in facts]
            chunks: list[Traced] = []
            for start in range(0, len(facts), recipe.batch):
                chunks.append(
                    self._traced(items[start : start + recipe.batch], names[start:], recipe, control)
                )
                done = min(start + recipe.batch, len(facts))
                report(done, len(facts))
                if done < len(facts) and enough(done):
                    self.warmup = self.warmup[:done]
                    key = self._traced_alike(recipe)
                    break
            self._warmups[key] = tuple(chunks)
        return self._warmups[key]

    def with_facts(self, facts: Sequence[Fact]) -> "Traces":
        """For other facts to edit: the same warm-up and C₀, with nothing that depends on a first step."""
        other = Traces(self.loaded, self.modules, self.warmup, facts, self._texts, self._room)
        other._text_keys, other._moments_of = self._text_keys, self._moments_of
        other._kept.update((key, kept) for key, kept in self._kept.items() if key[0] == "inverse")
        other._warmups, other.prefix = self._warmups, self.prefix
        return other

    def first_step(self, editor: Editor, control: Control) -> Traced:
        key = self._traced_alike(editor.recipe)
        if key not in self._firsts:
            facts = self.facts[: step_sizes(self.facts, editor.recipe.batch)[0]]
            items = items_of(self.loaded, editor.recipe, facts)
            self._firsts[key] = self._traced(items, [f.prompt for f in facts], editor.recipe, control)
        return of_modules(self._firsts[key], (m.name for m in editor.modules))

    def warm_up(self, editor: Editor, control: Control) -> None:
        """Statistics and memory as after the warm-up, without a forward pass; call it where the precision, if any,
        is there."""
        recipe, names = editor.recipe, [m.name for m in editor.modules]
        if recipe.warmup_mode == "none":
            return
        chunks = self.warmups(recipe, control)
        cached = recipe.scope == "module"
        if cached:
            editor.statistics = {
                name: self._moments(name, s, chunks, recipe) for name, s in editor.statistics.items()
            }
        for chunk in chunks if not cached or recipe.warmup_memory > 0 else ():
            own = of_modules(chunk, names)
            if not cached:
                editor.observe(own)
            editor.apply({}, own)

    def text_keys(self, control: Control, report: Report = lambda _done, _total: None) -> dict[str, Tensor]:
        """Module name → C₀ (d_k, d_k) of all candidate modules; empty without texts."""
        if not self._texts:
            return {}
        if self._text_keys is None:
            with self.prefix.every_block():
                self._text_keys = text_keys(self.loaded, self.modules, self._texts, control, report)
        return self._text_keys

    def inverse(self, name: str, recipe: Recipe, like: Tensor, control: Control) -> Tensor:
        """(λI + βC₀)⁻¹ (d_k, d_k) in a tensor of the caller's own; only β/λ needs a solve of its own."""
        ratio = recipe.protection / recipe.ridge

        def solved() -> tuple[Tensor, ...]:
            return (Precision.prior(1.0, ratio, self.text_keys(control).get(name), like).inverse,)

        if ratio == 0:
            return Precision.prior(recipe.ridge, 0.0, None, like).inverse
        return self._remembered(("inverse", name, ratio), solved)[0] / recipe.ridge

    def whitening(self, name: str, statistics: Moments, recipe: Recipe, dtype: torch.dtype) -> Whitening:
        """Of the first step's statistics: the floor acts after the decomposition."""

        def decomposed() -> tuple[Tensor, ...]:
            found = whitening(statistics.covariance(), 1.0, True, dtype)  # a relative floor of 1 is the mean
            mean = torch.tensor(found.floor, dtype=torch.float64)
            return found.eigenvalues, found.eigenvectors, mean

        key = ("whitening", name, *self._traced_alike(recipe), recipe.warmup_mode, dtype)
        values, vectors, mean = self._remembered(key, decomposed)
        floor = recipe.floor * float(mean) if recipe.floor_kind == "relative" else recipe.floor
        return Whitening(values, vectors, floor)

    def _traced_alike(self, recipe: Recipe) -> tuple[object, ...]:
        """Equal for recipes whose rows are the same."""
        minibatch = 0 if recipe.loss == "per-edit" else recipe.minibatch
        asked = recipe.form, recipe.ending, recipe.system_prompt, recipe.chat_share, recipe.positions
        return recipe.loss, minibatch, recipe.batch, min(recipe.warmup_facts, len(self.warmup)), *asked

    def _moments(self, name: str, empty: Moments, chunks: Sequence[Traced], recipe: Recipe) -> Moments:
        """Of one module after the warm-up."""
        key = (name, empty.scatter is not None, *self._traced_alike(recipe))
        if key not in self._moments_of:
            moments = empty.snapshot()
            for chunk in chunks:
                moments.update(chunk.keys[name], chunk.values[name])
            self._moments_of[key] = moments
        return self._moments_of[key].snapshot()

    def _remembered(
        self, key: tuple[object, ...], make: Callable[[], tuple[Tensor, ...]]
    ) -> tuple[Tensor, ...]:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._room:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _traced(
        self, facts: Sequence[Items], prompts: Sequence[str], recipe: Recipe, control: Control
    ) -> Traced:
        """Halves the minibatch where memory runs out."""
        loaded, minibatch, chunk = self.loaded, recipe.minibatch, Chunk.of(facts, recipe.chat_share)
        names = [prompts[i] for i in chunk.owner.tolist()]
        per_edit = recipe.loss == "per-edit"
        while True:
            try:
                with self.prefix.every_block():
                    return trace(
                        loaded,
                        self.modules,
                        chunk.items,
                        names,
                        per_edit=per_edit,
                        minibatch=minibatch,
                        control=control,
                        weights=chunk.weights,
                    )
            except OutOfMemory:
                if minibatch == 1 or not per_edit:
                    raise
            minibatch //= 2


def _bytes(tensors: tuple[Tensor, ...]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)
