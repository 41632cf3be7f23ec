"""Dresses the application, follows the system's light or dark, and says when it changed."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal, Slot
from PySide6.QtWidgets import QApplication

from workbench.desktop.theme.fonts import BODY, CAPTION, TABLE, interface_font
from workbench.desktop.theme.icons import tinted
from workbench.desktop.theme.palette import palette
from workbench.desktop.theme.sheet import IMAGES, style_sheet
from workbench.desktop.theme.tokens import DARK, LIGHT, Tokens

SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


class Theme(QObject):
    """One per application, kept for its life. ``mode``: ``system``, ``light`` or ``dark``."""

    changed = Signal(object)  # Tokens

    def __init__(self, application: QApplication, mode: str = "system") -> None:
        super().__init__(application)
        self._application = application
        self._images = QTemporaryDir()
        self._mode = "system"
        self.tokens = LIGHT
        application.setStyle("Fusion")
        self._set_fonts()
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self.set_mode(mode)

    @property
    def mode(self) -> str:
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Raises KeyError for a mode that is not one of SCHEMES."""
        scheme = SCHEMES[mode]
        self._mode = mode
        self._application.styleHints().setColorScheme(scheme)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        wanted = SCHEMES[self._mode]
        if wanted == Qt.ColorScheme.Unknown:
            wanted = self._application.styleHints().colorScheme()
        self._dress(DARK if wanted == Qt.ColorScheme.Dark else LIGHT)

    def _dress(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._application.setPalette(palette(tokens))
        self._application.setStyleSheet(style_sheet(tokens, self._write_images(tokens)))
        self.changed.emit(tokens)

    def _write_images(self, tokens: Tokens) -> dict[str, str]:
        """A style sheet takes pictures from files only; names differ by theme because Qt caches them by path."""
        paths = {}
        for key, (name, token) in IMAGES.items():
            path = Path(self._images.path()) / f"{name}-{tokens.name}.svg"
            path.write_bytes(tinted(name, getattr(tokens, token)))
            paths[key] = path.as_posix()
        return paths

    def _set_fonts(self) -> None:
        self._application.setFont(interface_font(BODY))
        for view in ("QAbstractItemView", "QHeaderView"):
            self._application.setFont(interface_font(TABLE), view)  # type: ignore[arg-type]  # takes str, not bytes
        for small in ("QStatusBar", "QToolTip", "QTipLabel"):
            self._application.setFont(interface_font(CAPTION), small)  # type: ignore[arg-type]
