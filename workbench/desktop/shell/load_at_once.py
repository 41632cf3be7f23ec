"""The load dialog that loads a known source without being asked twice."""

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from workbench.desktop.model.load_dialog import LoadDialog
from workbench.desktop.model.lookup import Outlook


class LoadAtOnce(LoadDialog):
    """Where it cannot be loaded, the dialog says why and waits for another choice."""

    def __init__(self, settings: QSettings, source: str, parent: QWidget | None = None) -> None:
        super().__init__(settings, parent)
        self._wanted = source
        self.set_source(source)

    def _looked(self, outlook: Outlook) -> None:
        super()._looked(outlook)
        if self._wanted and self.source == self._wanted:
            self._wanted = ""
            self.start_loading()
