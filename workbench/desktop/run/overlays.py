"""Earlier runs of the session behind the curves of the one that is shown."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from workbench.desktop.background import Background, Tell
from workbench.desktop.series import RunSeries
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.desktop.workspace.opened import events_of

if TYPE_CHECKING:
    from workbench.session.records import RunRecord

NOTHING = "No earlier run"


class Overlays(QObject):
    """``menu`` lists the runs that edited; those that are ticked are ``shown``."""

    changed = Signal()
    failed = Signal(str, object)

    def __init__(self, keeper: SessionKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._chosen: dict[int, RunSeries] = {}
        self._compared: dict[
            tuple[Path, int], RunSeries
        ] = {}  # (session folder, run), ticked in the compare dock
        self.current = 0  # the run that the plots show anyway
        self.menu = QMenu("Overlay an earlier run", parent)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        self.menu.triggered.connect(self._toggle)
        self._reading = Background(self)
        self._reading.finished.connect(self._read)
        self._reading.failed.connect(lambda error: self.failed.emit("Reading the run", error))

    @property
    def shown(self) -> Sequence[RunSeries]:
        session = self._keeper.session
        own = {(session.folder, run): series for run, series in self._chosen.items()} if session else {}
        here = (session.folder, self.current) if session else None
        return [series for key, series in (own | self._compared).items() if key != here]

    @Slot(object)
    def set_compared(self, series: dict[tuple[Path, int], RunSeries]) -> None:
        if series != self._compared:
            self._compared = series
            self.changed.emit()

    def clear(self) -> None:
        """Another session."""
        self._reading.drop()
        self._chosen.clear()

    def close_threads(self) -> None:
        self._reading.close()

    @Slot()
    def _fill(self) -> None:
        self.menu.clear()
        session = self._keeper.session
        runs = [] if session is None else [r for r in session.runs() if r.steps_done and r.id != self.current]
        for record in runs:
            action = self.menu.addAction(f"Run {record.id} · {record.name}".replace("&", "&&"))
            action.setData(record.id)
            action.setCheckable(True)
            action.setChecked(record.id in self._chosen)
            action.setToolTip(
                f"{record.facts_done:,} of {record.facts:,} facts, {record.started[:16].replace('T', ' ')}"
            )
        if not runs:
            nothing = self.menu.addAction(NOTHING)
            nothing.setEnabled(False)
            nothing.setToolTip("Runs of this session that edited facts appear here.")

    @Slot(QAction)
    def _toggle(self, action: QAction) -> None:
        run, session = action.data(), self._keeper.session
        if run in self._chosen:
            del self._chosen[run]
            self.changed.emit()
        elif session is not None and run is not None:
            record: RunRecord = session.run(run)

            def work(_tell: Tell, _cancel: Event) -> object:
                series = RunSeries(f"run {record.id}")
                for event in events_of(session, record):
                    series.add(event)  # type: ignore[arg-type]  # what it does not know it passes over
                return record.id, series

            self._reading.start(work)

    @Slot(object)
    def _read(self, result: tuple[int, RunSeries]) -> None:
        run, series = result
        self._chosen[run] = series
        self.changed.emit()
