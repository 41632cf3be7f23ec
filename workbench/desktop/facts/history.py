"""Every change to the facts as an undo command that holds only what it took out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from workbench.desktop.facts.store.batch import Batch, prepared
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.facts.store.fact_list import AGAIN, UNTOUCHED, FactList, Rows
from workbench.desktop.facts.store.states import IntArray
from workbench.facts.fact import Fact


class _Told(Protocol):
    def __call__(self, facts: FactList, indices: IntArray) -> None: ...


class _Insert(QUndoCommand):
    def __init__(self, facts: FactList, indices: IntArray, rows: Rows, text: str, told: _Told) -> None:
        super().__init__(text)
        self._facts, self._indices, self._told = facts, indices, told
        self._out: Rows | None = rows

    def redo(self) -> None:
        if self._out is not None:
            self._facts.insert(self._indices, self._out)
            self._out = None
            self._told(self._facts, self._indices)

    def undo(self) -> None:
        self._out = self._facts.remove(self._indices)
        self._told(self._facts, self._indices[:0])


class _Remove(QUndoCommand):
    def __init__(self, facts: FactList, indices: IntArray, text: str, told: _Told) -> None:
        super().__init__(text)
        self._facts, self._indices, self._told = facts, indices, told
        self._out: Rows | None = None

    def redo(self) -> None:
        self._out = self._facts.remove(self._indices)
        self._told(self._facts, self._indices[:0])

    def undo(self) -> None:
        if self._out is not None:
            self._facts.insert(self._indices, self._out)
            self._out = None
            self._told(self._facts, self._indices)


class _Replace(QUndoCommand):
    def __init__(self, facts: FactList, indices: IntArray, rows: Rows, text: str, told: _Told) -> None:
        super().__init__(text)
        self._facts, self._indices, self._told = facts, indices, told
        self._out = rows

    def redo(self) -> None:
        self._out = self._facts.replace(self._indices, self._out)
        self._told(self._facts, self._indices)

    def undo(self) -> None:
        self.redo()


class _EditAgain(QUndoCommand):
    """Facts as if no step had touched them. Undone only where none has since."""

    def __init__(self, facts: FactList, indices: IntArray, text: str, told: _Told) -> None:
        super().__init__(text)
        self._facts, self._indices, self._told = facts, indices, told
        self._before = facts.rows(indices)

    def redo(self) -> None:
        self._facts.set_states(self._indices, self._facts.resting, AGAIN)
        self._told(self._facts, self._indices)

    def undo(self) -> None:
        untouched = self._facts.steps[self._indices] < 0
        back = self._indices[untouched]
        if len(back):
            self._facts.set_states(back, self._before.states[untouched], self._before.steps[untouched])
        self._told(self._facts, self._indices)


class FactHistory(QObject):
    """The one way to change a FactList from the window. While ``lock_reason`` is set nothing changes."""

    changed = Signal(object, object)  # FactList, indices now there (empty where facts went)
    lock_changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.lock_reason = ""

    def lock(self, reason: str) -> None:
        """``reason`` is shown wherever a change is refused; "" unlocks."""
        if reason != self.lock_reason:
            self.lock_reason = reason
            self.lock_changed.emit(reason)

    def undo(self) -> None:
        if not self.lock_reason:
            self.stack.undo()

    def redo(self) -> None:
        if not self.lock_reason:
            self.stack.redo()

    def add(self, facts: FactList, batch: Batch, text: str = "", at: int | None = None) -> None:
        """Behind the last fact, or before the fact ``at``."""
        if not len(batch):
            return
        start = len(facts) if at is None else at
        indices = np.arange(start, start + len(batch), dtype=np.int64)
        text = text or f"add {facts_in_words(len(batch))}"
        self._push(_Insert(facts, indices, facts.untouched(batch), text, self._tell))

    def remove(self, facts: FactList, indices: IntArray, text: str = "") -> None:
        if len(indices):
            text = text or f"delete {facts_in_words(len(indices))}"
            self._push(_Remove(facts, indices, text, self._tell))

    def replace(self, facts: FactList, indices: IntArray, new: Sequence[Fact], text: str = "") -> None:
        """A fact whose prompt, target or subject changes counts as not edited into the model."""
        differs = np.array(
            [facts[i] != fact for i, fact in zip(indices.tolist(), new, strict=True)], np.bool_
        )
        if not differs.any():
            return
        indices = indices[differs]
        held = [fact for fact, other in zip(new, differs.tolist(), strict=True) if other]
        rows = facts.rows(indices)
        states, steps = rows.states.copy(), rows.steps.copy()
        for place, (before, after) in enumerate(zip(rows.batch.facts, held, strict=True)):
            if (before.prompt, before.target, before.subject) != (after.prompt, after.target, after.subject):
                states[place], steps[place] = facts.resting, UNTOUCHED
        text = text or f"change {facts_in_words(len(indices))}"
        self._push(_Replace(facts, indices, Rows(prepared(held), states, steps), text, self._tell))

    def edit_again(self, facts: FactList, indices: IntArray) -> None:
        """The next run edits them, as facts that no step has touched."""
        indices = indices[facts.steps[indices] >= 0]
        if len(indices):
            text = f"edit {facts_in_words(len(indices))} again"
            self._push(_EditAgain(facts, indices, text, self._tell))

    def move(self, source: FactList, destination: FactList, indices: IntArray, name: str) -> None:
        """``name`` of the destination, for the command's text. States do not move along."""
        if len(indices) and not self.lock_reason:
            batch = source.batch(indices)
            self.begin(f"move {facts_in_words(len(indices))} to {name}")
            self.remove(source, indices)
            self.add(destination, batch)
            self.end()

    def begin(self, text: str) -> None:
        """What follows until ``end`` is undone in one go."""
        self.stack.beginMacro(text)

    def end(self) -> None:
        self.stack.endMacro()

    def _push(self, command: QUndoCommand) -> None:
        if not self.lock_reason:
            self.stack.push(command)

    def _tell(self, facts: FactList, indices: IntArray) -> None:
        self.changed.emit(facts, indices)
