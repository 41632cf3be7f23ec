"""Type: the system's interface font in three sizes, figures of one width."""

from PySide6.QtGui import QFont, QFontDatabase

BODY, TABLE, CAPTION = 13.0, 12.5, 12.0  # logical pixels

# Tried in turn where the system names no font of its own, only a generic alias.
PREFERRED = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Open Sans", "DejaVu Sans")
GENERIC = {"", "sans", "sans serif", "sans-serif"}
POINTS_PER_PIXEL = 72 / 96


def interface_family() -> str:
    """The system's interface font, or the best installed one where the system only says sans serif."""
    family = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    if family.lower() not in GENERIC:
        return family
    installed = set(QFontDatabase.families())
    return next((name for name in PREFERRED if name in installed), family)


def interface_font(pixels: float = BODY, bold: bool = False) -> QFont:
    """Half pixels are kept through the point size wherever the screen has 96 dots per inch."""
    font = QFont(interface_family())
    if pixels == int(pixels):
        font.setPixelSize(int(pixels))
    else:
        font.setPointSizeF(pixels * POINTS_PER_PIXEL)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
