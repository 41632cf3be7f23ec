"""A plot as PNG (twice the screen's resolution), SVG and CSV."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

if TYPE_CHECKING:
    from workbench.desktop.plots.plot import Plot

Writer = Callable[["Plot", Path], None]

SCALE = 2
MARGIN = 10
SPREADSHEET_STARTS = ("=", "+", "-", "@", "\t", "\r")


def paint(plot: "Plot", painter: QPainter, scale: float) -> None:
    """Heading and canvas as they are on the screen, without buttons, crosshair and focus. ``scale``: pixels of the
    picture per logical pixel."""
    plot.pen_scale = scale
    plot.lay_out()
    width, height = plot.width(), plot.height()
    painter.fillRect(QRect(0, 0, width, height), QColor(plot.tokens.plot))
    header = plot.header.height()
    plot.header.caption.draw(painter, QRectF(MARGIN, 0, width - 2 * MARGIN, header))
    cursor, plot.crosshair = plot.crosshair, None
    plot.canvas.show_cursor(None)
    if plot.canvas.isVisibleTo(plot):
        plot.canvas.render(painter, QRectF(0, header, width, height - header), plot.canvas.viewport().rect())
    plot.crosshair = cursor
    plot.canvas.show_cursor(cursor)
    plot.pen_scale = None
    plot.invalidate()


def image(plot: "Plot") -> QImage:
    with plot.enlarged():
        picture = QImage(plot.size() * SCALE, QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(SCALE)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint(plot, painter, SCALE)
        painter.end()
    return picture


def write_png(plot: "Plot", path: Path) -> None:
    """Raises OSError."""
    path.write_bytes(b"")  # says why where the writer below would only say no
    if not QImageWriter(str(path), b"png").write(image(plot)):
        raise OSError("the picture cannot be encoded")


def write_svg(plot: "Plot", path: Path) -> None:
    """Raises OSError."""
    path.write_bytes(b"")  # says why where the generator would stay silent
    with plot.enlarged():
        _draw_svg(plot, path)


def _draw_svg(plot: "Plot", path: Path) -> None:
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setResolution(plot.logicalDpiX())  # axes are recorded at the screen's resolution
    generator.setSize(QSize(plot.width(), plot.height()))
    generator.setViewBox(QRect(0, 0, plot.width(), plot.height()))
    generator.setTitle(plot.header.caption.title)
    painter = QPainter(generator)
    paint(plot, painter, 1)
    painter.end()


def write_csv(plot: "Plot", path: Path) -> None:
    """UTF-8, one header row, full resolution. Raises OSError."""
    header, rows = plot.table()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutral(name) for name in header])
        writer.writerows(rows)


def neutral(cell: str) -> str:
    """Names come from models and people; a spreadsheet must not run them."""
    return f"'{cell}" if cell.startswith(SPREADSHEET_STARTS) else cell


def number(value: float) -> object:
    """Empty for NaN, whole numbers without a point."""
    if value != value:
        return ""
    return int(value) if value == int(value) else float(f"{value:.9g}")
