"""Icons drawn from resources/icons with a theme colour; they follow the theme by themselves."""

from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from workbench.desktop.theme.palette import tokens_of

APPLICATION_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


def icon_folder() -> Traversable:
    """``resources/icons``, installed or in a checkout."""
    try:
        import_module("workbench.resources")
    except ModuleNotFoundError:
        return Path(__file__).parents[3] / "resources" / "icons"
    return files("workbench.resources") / "icons"


def icon_names() -> list[str]:
    """Every name that ``icon`` takes."""
    return sorted(
        entry.name.removesuffix(".svg")
        for entry in (icon_folder() / "actions").iterdir()
        if entry.name.endswith(".svg")
    )


@lru_cache(maxsize=256)
def tinted(name: str, colour: str) -> bytes:
    """The SVG of an icon in one colour. Raises FileNotFoundError for an unknown name."""
    source = (icon_folder() / "actions" / f"{name}.svg").read_text(encoding="utf-8")
    return source.replace("currentColor", colour).encode()


@lru_cache(maxsize=512)
def _picture(name: str, colour: str, width: int, height: int) -> QPixmap:
    """``width`` and ``height`` in device pixels."""
    picture = QPixmap(width, height)
    picture.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(tinted(name, colour)))
    side = min(width, height)
    painter = QPainter(picture)
    renderer.render(painter, QRectF((width - side) / 2, (height - side) / 2, side, side))
    painter.end()
    return picture


class _TintedEngine(QIconEngine):
    """Looks the colour up at every request, so that a change of theme needs no new icon."""

    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name, self._token = name, token

    def _colour(self, mode: QIcon.Mode) -> str:
        tokens = tokens_of(QGuiApplication.palette())
        return str(tokens.disabled if mode == QIcon.Mode.Disabled else getattr(tokens, self._token))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        device = painter.device()
        scale = device.devicePixelRatio() if device is not None else 1.0
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, scale))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:  # noqa: ARG002
        width, height = round(size.width() * scale), round(size.height() * scale)
        picture = QPixmap(_picture(self._name, self._colour(mode), width, height))
        picture.setDevicePixelRatio(scale)
        return picture

    def clone(self) -> QIconEngine:
        """Qt clones an icon only to change it; PySide6 cannot hand the ownership of a clone to Qt."""
        raise TypeError(f"The icon {self._name!r} cannot be changed: make another.")


def icon(name: str, token: str = "ink") -> QIcon:
    """The icon ``name`` in the theme colour ``token``; on a primary button use ``on_accent``."""
    tinted(name, "#000000")  # an unknown name fails here and not in a paint event
    return QIcon(_TintedEngine(name, token))


def application_icon() -> QIcon:
    made = QIcon()
    for size in APPLICATION_SIZES:
        picture = QPixmap()
        picture.loadFromData((icon_folder() / "application" / f"workbench-{size}.png").read_bytes())
        made.addPixmap(picture)
    return made
