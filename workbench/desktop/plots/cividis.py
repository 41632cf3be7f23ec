"""The colours of maps: cividis, from dark blue for the least to yellow for the most."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QLinearGradient, QPainter

STOPS = 17  # of a gradient


def colour_of(share: float) -> QColor:
    """``share``: 0 to 1; beyond counts as the nearer end."""
    colour = pg.colormap.get("cividis").map(min(max(share, 0.0), 1.0), mode="qcolor")
    assert isinstance(colour, QColor)
    return colour


def share_pixels(shares: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """(rows, columns) → (rows, columns, 4) bytes, contiguous; clear where a share is NaN."""
    colours = pg.colormap.get("cividis").map(np.nan_to_num(shares).clip(0, 1).ravel(), mode="byte")
    pixels = np.ascontiguousarray(colours.reshape(*shares.shape, 4))
    pixels[np.isnan(shares)] = 0
    return pixels


def paint_bar(painter: QPainter, bar: QRectF) -> None:
    """From 0 at its bottom to 1 at its top."""
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    for share in np.linspace(0, 1, STOPS):
        gradient.setColorAt(share, colour_of(share))
    painter.fillRect(bar, gradient)
