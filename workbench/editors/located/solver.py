"""One step of a located editor: where each fact's subject ends, what should stand there, and the shifts to it."""

from abc import abstractmethod
from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from workbench.editing.budget import Growth, all_or_nothing
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Event, Phase
from workbench.editing.items import Chunk
from workbench.editing.shift import Shift
from workbench.editing.solving import Solved, Solver
from workbench.editing.tracing import Traced
from workbench.editors.located.contexts import sample_contexts
from workbench.editors.located.editor import LocatedEditor
from workbench.editors.located.facts import LocatedFact, locate, plainly
from workbench.editors.located.memit import memit_shifts
from workbench.editors.located.rome import rome_shift
from workbench.editors.located.settings import RomeSettings
from workbench.evaluation.batching import Watch
from workbench.evaluation.reading import read_answers
from workbench.facts.fact import Fact

_Found = tuple[dict[str, Shift], dict[str, Tensor]]  # shifts, and the keys (F, d_k) that they came from


class LocatedSolver(Solver):
    def __init__(self, editor: Editor, control: Control, minibatch: int) -> None:
        super().__init__(editor, control, minibatch, shares=False)
        assert isinstance(editor, LocatedEditor)
        self.editor: LocatedEditor = editor
        self._contexts: tuple[str, ...] | None = None

    def solve(
        self, chunk: Chunk, names: Sequence[str], *, warming_up: bool, left: int = 0
    ) -> Generator[Event, None, Solved]:
        """As ``Solver.solve``; there is no warm-up. Raises NonFinite, Cancelled and OutOfMemory with the budget as it
        was."""
        del names
        assert not warming_up, "its recipes have no warm-up"
        yield from ()
        self.control.look_again()
        loaded = self.editor.loaded
        before = read_answers(loaded, chunk.items, Watch(self.control))
        facts = [self._located(fact) for fact in chunk.sources]
        with all_or_nothing(self.budget):
            shifts, keys = self.find(facts)
            growth = Growth(self.budget, chunk.facts, left)
            growth.add(growth.paced(shifts))
            shifts = growth.close()
        values = {
            m.name: torch.zeros(chunk.facts, m.d_out, device=loaded.device) for m in self.editor.modules
        }
        losses = torch.tensor(-before.mean_log_prob, dtype=torch.float32)
        success = torch.tensor(before.share, dtype=torch.float32)
        return Traced(keys, values, losses, success, torch.arange(chunk.facts)), shifts, {}

    @abstractmethod
    def find(self, facts: Sequence[LocatedFact]) -> _Found:
        """Nothing of it is in the weights."""

    def progress(self, done: int, total: int) -> None:
        self.control.progress(Phase.EDITING, "rounds")(done, total)

    def _located(self, fact: Fact) -> LocatedFact:
        loaded, recipe = self.editor.loaded, self.editor.recipe
        if self._contexts is None:
            with self.editor.model.unedited():
                watch = Watch(self.control)
                self._contexts = sample_contexts(loaded, self.editor.settings.contexts, recipe.seed, watch)
        encode = plainly(loaded.tokenizer, fact.subject, fact.target, loaded.window, recipe.ending)
        return locate(loaded.tokenizer, fact.prompt, fact.subject, self._contexts, encode)


class SpreadSolver(LocatedSolver):
    """MEMIT and AlphaEdit: from one value a fact, over all layers."""

    def find(self, facts: Sequence[LocatedFact]) -> _Found:
        editor = self.editor
        found = memit_shifts(
            editor.loaded,
            editor.modules,
            facts,
            editor.precisions,
            editor.settings,
            editor.model.trying,
            self.control,
            self.progress,
        )
        keys = {name: rows.float() for name, rows in found.keys.items()}
        return found.shifts, keys


class RomeSolver(LocatedSolver):
    """Fact by fact, in the first of the modules; the others stay as they are."""

    def find(self, facts: Sequence[LocatedFact]) -> _Found:
        editor, [module, *others] = self.editor, self.editor.modules
        settings = editor.settings
        assert isinstance(settings, RomeSettings)
        known = editor.precisions.get(module.name)
        found = rome_shift(
            editor.loaded,
            module,
            facts,
            settings,
            None if known is None else known.inverse,
            editor.model.trying,
            self.control,
            self.progress,
        )
        keys = {
            m.name: torch.zeros(len(facts), m.d_in, device=editor.loaded.device) for m in (module, *others)
        }
        return {module.name: found.shift}, keys
