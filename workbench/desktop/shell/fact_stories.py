"""What became of each fact: to the probe dock, and from answers and cells of the retention plot to the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from workbench.desktop.run.fact_truths import FactTruths
from workbench.desktop.shell.drop_mark import DropMark
from workbench.desktop.shell.notices import Notice

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow


class FactStories(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._truths = FactTruths(window.desk.run, window.desk.keeper, window.facts, self)
        window.probe.set_truths(self._truths.of)
        self._truths.changed.connect(window.probe.show_truth)
        self._truths.broke.connect(window.handlers.tell_failure)
        window.desk.keeper.left.connect(self._truths.forget)
        window.plots.facts_wanted.connect(self._show_facts_of)
        self._drop = DropMark(window, window.facts)
        window.answers.fact_wanted.connect(self._show_fact)
        window.answers.said.connect(self._tell)
        window.answers.failed.connect(window.handlers.tell_failure)

    def close(self) -> None:
        self._truths.close()
        self._window.answers.close_threads()

    @Slot(int)
    def _show_facts_of(self, step: int) -> None:
        window = self._window
        window.docks["facts"].show()
        window.facts.reveal(window.desk.run.rows_of_step(step))

    @Slot(int)
    def _show_fact(self, place: int) -> None:
        window = self._window
        rows = window.desk.run.states.rows_of(range(place, place + 1))
        if len(rows):
            window.docks["facts"].show()
            window.facts.reveal(rows)

    @Slot(str, str)
    def _tell(self, sentence: str, level: str) -> None:
        self._window.notices.show_notice(Notice(sentence, level, key="answers"))
