"""From the facts of one step to the shifts that teach them: trace, statistics, solve, further passes."""

from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from workbench.editing.budget import ChangeBudget, Growth, all_or_nothing
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Event, MinibatchHalved, PassDone, Phase
from workbench.editing.items import Chunk
from workbench.editing.row_cache import RowCache
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced, trace
from workbench.editing.whitening import Whitening
from workbench.errors import OutOfMemory
from workbench.models.prefix import SharedPrefix

PREFIX_BYTES = 1 << 29  # of hidden states that a step or a run's scores may keep
Solved = tuple[Traced, dict[str, Shift], dict[str, Whitening]]


class Solver:
    """Of one run. Nothing that it finds is in the weights yet."""

    def __init__(self, editor: Editor, control: Control, minibatch: int, *, shares: bool = True) -> None:
        """``shares``: blocks below the edited ones are run once a step, as far as nobody else sees to that."""
        self.editor, self.recipe, self.control = editor, editor.recipe, control
        self.minibatch = minibatch  # halved where memory runs out
        self.budget: ChangeBudget | None = None
        several = shares and self.recipe.passes > 1
        self._prefix = SharedPrefix(editor.loaded, editor.modules, PREFIX_BYTES) if several else None
        self.rows: RowCache | None = None  # of the warm-up
        self._report_pass: Callable[[int, int], None] | None = None  # facts done over all passes of the step

    def solve(
        self, chunk: Chunk, names: Sequence[str], *, warming_up: bool, left: int = 0
    ) -> Generator[Event, None, Solved]:
        """The step's rows by fact, counted into the statistics; its shifts, and what whitened them. ``names``: the
        prompt of each item; ``left``: facts that the run has yet to edit, the step's among them. Raises NonFinite
        with statistics and budget as they were."""
        self.control.look_again()
        if self._prefix is not None:
            self._prefix.clear()
        self._report_pass = None if warming_up else self.control.progress(Phase.EDITING, "facts")
        traced = self.rows.find(chunk) if warming_up and self.rows is not None else None
        if traced is None:
            traced = yield from self.trace(chunk, names)
            if warming_up and self.rows is not None:
                self.rows.keep(chunk, traced)
        shifts: dict[str, Shift] = {}
        whitenings: dict[str, Whitening] = {}
        with self.editor.all_or_nothing(), all_or_nothing(self.budget):
            self.editor.observe(traced)
            if not warming_up or self.recipe.warmup_mode == "edits":
                edited = traced.edited(self.recipe.at_subject(0))
                shifts, whitenings = self.editor.shifts(edited, warming_up)
            if not warming_up:
                growth = Growth(self.budget, chunk.facts, left)
                growth.add(growth.paced(shifts))
                if self.recipe.passes > 1:
                    yield from self._further_passes(chunk, names, traced, growth, whitenings)
                shifts = growth.close()
        return traced.merged(chunk), shifts, whitenings

    def _further_passes(
        self,
        chunk: Chunk,
        names: Sequence[str],
        traced: Traced,
        growth: Growth,
        whitenings: dict[str, Whitening],
    ) -> Generator[Event, None, None]:
        """Adds the shifts of the facts that had not taken; facts that had are remembered meanwhile. What a pass
        traces also tells which facts took before it. Statistics know a step by its first pass only."""
        left = torch.arange(len(chunk.items))
        with self.editor.passing_memory():
            for number in range(1, self.recipe.passes):
                with self.editor.model.trying(growth.shifts):
                    again = yield from self._pass_through(chunk, left, names, number)
                taken = chunk.taken(again.success >= 1, left, self.recipe.taken == "fact")
                self.editor.remember(traced.of(taken).keys, self.recipe.memory)
                open_facts = len(chunk.owner[left[~taken]].unique())
                yield PassDone(number, self.recipe.passes, chunk.facts - open_facts, chunk.facts)
                if taken.all():
                    break
                if self.budget is not None and 2 * int((~taken).sum()) > len(chunk.items):
                    was, now = (float(t.losses[~taken].mean()) for t in (traced, again))
                    self.budget.heed(was, now)
                left, traced = left[~taken], again.of(~taken)
                edited = traced.edited(self.recipe.at_subject(number))
                found, _ = self.editor.shifts(edited, False, whitenings)
                more = self.editor.model.within_cap(growth.shifts, growth.paced(found), self.recipe.shift_cap)
                if not more:
                    break
                growth.add(more)
                if growth.full:
                    break

    def trace(self, chunk: Chunk, names: Sequence[str]) -> Generator[Event, None, Traced]:
        """The rows of a step's first pass."""
        return (yield from self._pass_through(chunk, torch.arange(len(chunk.items)), names))

    def _pass_through(
        self, chunk: Chunk, left: Tensor, names: Sequence[str], number: int = 0
    ) -> Generator[Event, None, Traced]:
        """Of the items ``left`` (M,). Halves the minibatch where memory runs out; the per-edit loss gives the same
        rows."""
        chosen = left.tolist()

        def report(done: int) -> None:
            if self._report_pass is not None:
                facts = number * chunk.facts + done * chunk.facts // len(chosen)
                self._report_pass(facts, self.recipe.passes * chunk.facts)

        while True:
            try:
                with nullcontext() if self._prefix is None else self._prefix.edited():
                    return trace(
                        self.editor.loaded,
                        self.editor.modules,
                        [chunk.items[i] for i in chosen],
                        [names[i] for i in chosen],
                        per_edit=self.recipe.loss == "per-edit",
                        minibatch=self.minibatch,
                        control=self.control,
                        report=report,
                        weights=[chunk.weights[i] for i in chosen],
                    )
            except OutOfMemory:
                if self.minibatch == 1 or self.recipe.loss != "per-edit":
                    raise
            self.minibatch //= 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            yield MinibatchHalved(self.minibatch)
