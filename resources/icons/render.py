"""Writes the application icon's PNGs from its drawings: ``python resources/icons/render.py``.

Up to 32 pixels the simpler drawing is used; it fills its square and has thicker strokes.
"""

from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).parent / "application"
SIZES = {"workbench-small.svg": (16, 24, 32), "workbench.svg": (48, 64, 128, 256, 512)}


def render(drawing: Path, size: int) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(drawing)).render(painter)
    painter.end()
    return image


if __name__ == "__main__":
    application = QGuiApplication(["render", "-platform", "offscreen"])
    for name, sizes in SIZES.items():
        for size in sizes:
            render(FOLDER / name, size).save(str(FOLDER / f"workbench-{size}.png"))
