"""Where the plots stand: the large ones share what the strip of small ones leaves, and the page scrolls beyond."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize

from workbench.desktop.plots.tile import LARGE, SMALL_TILE

LARGE_AT_FIRST = ("edit-success", "locality")  # keys
LINE = 1  # logical pixels between two plots
BESIDE = 760  # width of the grid from which large ones stand side by side
COMFORTABLE = 190  # height of a large one before the strip takes a second row


@dataclass(frozen=True, slots=True)
class Arrangement:
    page: QSize
    large: list[QRect]
    small: list[QRect]


def arranged(room: QSize, large: int, small: int) -> Arrangement:
    """``room``: what is seen at once."""
    columns = large if room.width() >= BESIDE else min(large, 1)
    rows = -(-large // columns) if columns else 0
    across = max(1, min(small, (room.width() + LINE) // (SMALL_TILE[0] + LINE)))
    strips = -(-small // across)
    high = _height_of_rows(room.height(), rows, strips)
    places = _cells(QRect(0, 0, room.width(), high), columns, rows)[:large]
    top = high + LINE if large and small else high
    tiles = [
        place
        for strip in range(strips)
        for place in _cells(
            QRect(0, top + strip * (SMALL_TILE[1] + LINE), room.width(), SMALL_TILE[1]),
            min(across, small - strip * across),
            1,
        )
    ]
    bottom = max((place.bottom() + 1 for place in [*places, *tiles]), default=room.height())
    return Arrangement(QSize(room.width(), max(bottom, 1)), places, tiles)


def _height_of_rows(room: int, rows: int, strips: int) -> int:
    """Of all rows of large plots together: one strip at least is seen below them, where they are not too low then."""
    tile = SMALL_TILE[1] + LINE
    left = [room - seen * tile for seen in range(min(strips, 1), strips + 1)]
    comfortable = [height for height in left if height >= rows * COMFORTABLE]
    return max(comfortable[-1] if comfortable else left[0], rows * (LARGE[1] + LINE) - LINE)


def _cells(box: QRect, columns: int, rows: int) -> list[QRect]:
    """Row by row; the last column and row take what division leaves over."""
    if not columns or not rows:
        return []
    width = (box.width() - (columns - 1) * LINE) // columns
    height = (box.height() - (rows - 1) * LINE) // rows
    cells = []
    for row in range(rows):
        for column in range(columns):
            left, top = box.left() + column * (width + LINE), box.top() + row * (height + LINE)
            right = box.left() + box.width() if column == columns - 1 else left + width
            bottom = box.top() + box.height() if row == rows - 1 else top + height
            cells.append(QRect(left, top, right - left, bottom - top))
    return cells
