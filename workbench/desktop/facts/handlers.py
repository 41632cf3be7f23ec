"""What each action of the panel does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog

from workbench.desktop.facts.actions import Need
from workbench.desktop.facts.store.batch import prepared
from workbench.desktop.facts.store.clipboard import MAX_COPIED, from_text, to_text
from workbench.desktop.facts.store.columns import COLUMNS, facts_in_words, problem_of, tags_of
from workbench.desktop.facts.store.states import FORGOTTEN, IntArray
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.desktop.facts.panel import FactsPanel


class Handlers(QObject):
    def __init__(self, panel: FactsPanel) -> None:
        super().__init__(panel)
        self._panel = panel

    def by_name(self) -> dict[str, Callable[[], None]]:
        history = self._panel.history
        return {
            "undo": history.undo,
            "redo": history.redo,
            "add": lambda: self._panel.page.type_new(),
            "form": self.add_in_form,
            "edit": self.edit,
            "duplicate": self.duplicate,
            "cut": self.cut,
            "copy": self.copy,
            "paste": self.paste,
            "move": self.move,
            "tag": self.tag,
            "untag": self.untag,
            "delete": self.delete,
            "probe": self.probe,
            "again": self.edit_again,
            "lost": self.show_lost,
            "find": self.find,
            "import": self.import_any,
            "conflicts": self.resolve_conflicts,
            "export-all": lambda: self._export(np.arange(len(self._panel.page.facts))),
            "export-shown": lambda: self._export(self._panel.page.model.shown),
            "export-chosen": lambda: self._export(self._chosen()),
        }

    def met(self) -> set[Need]:
        """The needs that are fulfilled now."""
        panel, stack = self._panel, self._panel.history.stack
        held = {
            Need.UNLOCKED: not panel.history.lock_reason,
            Need.CHOSEN: panel.page.table.chosen_count() > 0,
            Need.FACTS: len(panel.page.facts) > 0,
            Need.EDITED: bool((panel.page.facts.steps[self._chosen()] >= 0).any()),
            Need.LOST: self.any_lost,
            Need.UNDO: stack.canUndo(),
            Need.REDO: stack.canRedo(),
        }
        return {need for need, fulfilled in held.items() if fulfilled}

    def _chosen(self) -> IntArray:
        return self._panel.page.table.chosen()

    def _chosen_facts(self) -> list[Fact]:
        facts = self._panel.page.facts
        return [facts[i] for i in self._chosen().tolist()]

    @Slot()
    def add_in_form(self) -> None:
        from workbench.desktop.facts.fact_form import FactForm

        page = self._panel.page
        form = FactForm(page.facts, parent=self._panel)
        form.accepted_fact.connect(self._add_one)
        form.exec()
        form.deleteLater()

    @Slot(object)
    def _add_one(self, fact: Fact) -> None:
        self._panel.history.add(self._panel.page.facts, prepared([fact]), "add a fact")

    @Slot()
    def edit(self) -> None:
        """The fact under the cursor, or the first selected."""
        from workbench.desktop.facts.fact_form import FactForm

        page, chosen = self._panel.page, self._chosen()
        current = page.table.current_fact()
        index = current if current in chosen else int(chosen[0])
        form = FactForm(page.facts, index, parent=self._panel)
        if form.exec():
            self._panel.history.replace(page.facts, np.array([index]), [form.fact()], "edit a fact")
        form.deleteLater()

    @Slot()
    def duplicate(self) -> None:
        chosen = self._chosen()
        batch = self._panel.page.facts.batch(chosen)
        self._panel.history.add(self._panel.page.facts, batch, f"duplicate {facts_in_words(len(chosen))}")

    @Slot()
    def cut(self) -> None:
        if self._in_sight() and self._copied():
            chosen = self._chosen()
            self._panel.history.remove(self._panel.page.facts, chosen, f"cut {facts_in_words(len(chosen))}")

    @Slot()
    def copy(self) -> None:
        self._copied()

    def _copied(self) -> bool:
        facts = self._chosen_facts()
        if len(facts) > MAX_COPIED:
            self._panel.say(
                f"At most {MAX_COPIED:,} facts can be copied at once and {len(facts):,} are selected: export them."
            )
            return False
        QGuiApplication.clipboard().setText(to_text(facts))
        return True

    @Slot()
    def paste(self) -> None:
        pasted = from_text(QGuiApplication.clipboard().text())
        if pasted.texts:
            self._paste_down(pasted.texts)
            return
        batch = prepared(pasted.facts)
        self._panel.history.add(self._panel.page.facts, batch, f"paste {facts_in_words(len(batch))}")
        self._panel.say(pasted.problem)

    def _paste_down(self, texts: Sequence[str]) -> None:
        """A single column goes into the cells from the cursor down; one text into that cell of every selected row."""
        page, chosen = self._panel.page, self._chosen()
        cell = page.table.currentIndex()
        write = COLUMNS[cell.column()].write if cell.isValid() else None
        row = cell.row()
        places = chosen if len(texts) == 1 else page.model.shown[row : row + len(texts)]
        if write is None or row >= len(page.model.shown) or not len(places):
            self._panel.say("Paste at least two columns, prompt and target, or choose a cell to paste into.")
            return
        given = [texts[0]] * len(places) if len(texts) == 1 else list(texts[: len(places)])
        new = [write(page.facts[i], text) for i, text in zip(places.tolist(), given, strict=True)]
        if problem := next(filter(None, map(problem_of, new)), ""):
            self._panel.say(f"Nothing was pasted. {problem}")
            return
        order = np.argsort(places)
        text = f"paste into {facts_in_words(len(places))}"
        self._panel.history.replace(page.facts, places[order], [new[i] for i in order], text)
        left = len(texts) - len(places)
        self._panel.say(
            f"{left:,} of {len(texts):,} cells found no row to go into." if len(texts) > 1 and left else ""
        )

    @Slot()
    def move(self) -> None:
        panel = self._panel
        to_facts = panel.page is panel.warmup_page
        source, destination = (panel.warmup, panel.facts) if to_facts else (panel.facts, panel.warmup)
        panel.history.move(source, destination, self._chosen(), "facts" if to_facts else "warm-up")

    @Slot()
    def tag(self) -> None:
        number = facts_in_words(len(self._chosen()))
        text, given = QInputDialog.getText(self._panel, "Add a tag", f"Tags for {number}, between commas:")
        if given and (tags := tags_of(text)):
            self.add_tags(tags)

    def add_tags(self, tags: tuple[str, ...]) -> None:
        new = [replace(fact, tags=tuple(dict.fromkeys(fact.tags + tags))) for fact in self._chosen_facts()]
        self._replace_chosen(new, "tag")

    @Slot()
    def untag(self) -> None:
        used = sorted({tag for fact in self._chosen_facts() for tag in fact.tags})
        if not used:
            self._panel.say("None of the selected facts has a tag.")
            return
        tag, given = QInputDialog.getItem(self._panel, "Remove a tag", "Tag to remove:", used, 0, False)
        if given:
            self.remove_tag(tag)

    def remove_tag(self, tag: str) -> None:
        new = [replace(f, tags=tuple(t for t in f.tags if t != tag)) for f in self._chosen_facts()]
        self._replace_chosen(new, "remove a tag from")

    def _replace_chosen(self, new: list[Fact], what: str) -> None:
        text = f"{what} {facts_in_words(len(new))}"
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            self._panel.history.replace(self._panel.page.facts, self._chosen(), new, text)
        finally:
            QGuiApplication.restoreOverrideCursor()

    @Slot()
    def delete(self) -> None:
        if self._in_sight():
            self._panel.history.remove(self._panel.page.facts, self._chosen())

    def _in_sight(self) -> bool:
        """What nobody sees is shown instead of being deleted."""
        seen = self._panel.page.table.show_chosen()
        if not seen:
            self._panel.say(
                "The selected facts were out of sight: delete again if it is these that you mean."
            )
        return seen

    @Slot()
    def probe(self) -> None:
        page, chosen = self._panel.page, self._chosen()
        current = page.table.current_fact()
        self._panel.probe_requested.emit(page.facts[current if current in chosen else int(chosen[0])])

    @Slot()
    def edit_again(self) -> None:
        """Says so: nothing changes in the model before the next run."""
        panel = self._panel
        chosen = self._chosen()
        number = int((panel.page.facts.steps[chosen] >= 0).sum())
        panel.history.edit_again(panel.page.facts, chosen)
        panel.say(
            f"The next run edits {facts_in_words(number)} again; until then the model stays as it is.", "good"
        )

    def _lost(self) -> IntArray:
        states = self._panel.facts.states()
        return np.flatnonzero(np.logical_or.reduce([states == state for state in FORGOTTEN]))

    @property
    def any_lost(self) -> bool:
        return len(self._lost()) > 0

    @Slot()
    def show_lost(self) -> None:
        """In the list of facts, whichever is in front."""
        panel = self._panel
        panel.show_list(panel.facts)
        panel.page.filter_bar.field.clear()
        panel.page.filter_bar.set_states(FORGOTTEN)
        panel.page.reveal(self._lost())

    @Slot()
    def find(self) -> None:
        field = self._panel.page.filter_bar.field
        field.setFocus()
        field.selectAll()

    @Slot()
    def import_any(self) -> None:
        self.import_facts(None)

    def import_later(self, path: Path) -> None:
        """Once the drop is over, so that the program it came from is not kept waiting."""
        QTimer.singleShot(0, self, lambda: self.import_facts(path))

    def import_facts(self, path: Path | None) -> None:
        from workbench.desktop.facts.importing.wizard import ImportWizard

        panel = self._panel
        to_warmup = panel.page is panel.warmup_page
        wizard = ImportWizard(panel.facts, panel.warmup, panel.settings, path, to_warmup, panel)
        if wizard.exec():
            panel.show_list(wizard.apply(panel.history))
        wizard.deleteLater()

    @Slot()
    def resolve_conflicts(self) -> None:
        from workbench.desktop.facts.conflicts_dialog import ConflictsDialog

        page = self._panel.page
        dialog = ConflictsDialog(page.facts, self._panel)
        if dialog.exec():
            dropped = dialog.dropped()
            text = f"resolve conflicts, dropping {facts_in_words(len(dropped))}"
            self._panel.history.remove(page.facts, dropped, text)
        dialog.deleteLater()

    def _export(self, indices: IntArray) -> None:
        from workbench.desktop.facts.export import export_facts

        page = self._panel.page
        facts = [page.facts[i] for i in indices.tolist()]
        if sentence := export_facts(facts, self._panel.settings, self._panel):
            self._panel.say(*sentence)
