"""The report's form: which run, and whether adapters are scored for it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout

from workbench.desktop.background import Tell
from workbench.desktop.export.kind import Write
from workbench.desktop.export.options import ExportOptions
from workbench.desktop.export.source import ExportSource
from workbench.desktop.widgets import label, permit, row

if TYPE_CHECKING:
    from workbench.session.records import RunRecord

ADAPTERS_HELP = (
    "Decomposes the change, then loads and scores three adapters on the run's facts; takes a few minutes"
)
OTHER_RUN = "Adapters are made from the model at hand, and it holds another run."


class ReportOptions(ExportOptions):
    """``runs``: those with an editing step; the newest is chosen at first."""

    def __init__(self, source: ExportSource, runs: "Sequence[RunRecord]") -> None:
        super().__init__()
        self._source, self._runs, self._busy = source, tuple(runs)[::-1], ""
        self.run_box = QComboBox()
        self.run_box.setObjectName("report-run")
        self.run_box.setAccessibleName("Run")
        for record in self._runs:
            self.run_box.addItem(f"{record.id} · {record.name} · {record.facts_done:,} facts", record.id)
        self.adapters_box = QCheckBox("Table of LoRA adapters at ranks 8, 32 and 128")
        self.adapters_box.setObjectName("report-adapters")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        column.addLayout(row(label("Run", wrap=False), self.run_box, 1))
        column.addWidget(self.adapters_box)
        self.run_box.activated.connect(self._show)
        self._show()

    def set_busy(self, why: str) -> None:
        self._busy = why
        self._show()

    def writer(self) -> Write:
        from workbench.exports.report.adapters import adapter_rows
        from workbench.exports.report.contents import gather
        from workbench.exports.report.write import export_report
        from workbench.models.progress import Watch

        run = self.run_box.currentData()
        with_adapters = self.adapters_box.isChecked() and self.adapters_box.isEnabled()

        def write(destination: Path, tell: Tell, cancel: Event) -> Path:
            contents = gather(self._source.session, run)
            if with_adapters:
                with self._source.edited(cancel) as edited:
                    contents = contents.with_model(edited.editor.loaded, Watch(tell, cancel))
                    contents = replace(contents, adapters=adapter_rows(edited, progress=tell, cancel=cancel))
            return export_report(contents, destination, tell, cancel).parent

        return write

    @Slot()
    def _show(self) -> None:
        permit(self.run_box, self._busy)
        permit(self.adapters_box, self._busy or self._no_adapters(), ADAPTERS_HELP)

    def _no_adapters(self) -> str:
        if self._source.unavailable:
            return self._source.unavailable
        same = self.run_box.currentData() == self._source.described().run.id
        return "" if same else OTHER_RUN
