"""Next tokens of both models, aligned by token."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.desktop.probe.prober import Odds, Side

SHOWN, ASKED = 10, 100  # tokens; more are asked for so that both sides are known of those shown
HEADERS = ("Next token", Side.ORIGINAL.value, Side.EDITED.value)
SHARE_ROLE = int(Qt.ItemDataRole.UserRole)  # float 0 to 1
Role = Qt.ItemDataRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Share:
    """Of one token on one side. ``below``: it was not among those read, so it is less likely than this."""

    probability: float
    below: bool = False

    def __str__(self) -> str:
        if self.below:
            return f"< {max(self.probability, 0.001):.1%}".replace("%", " %")
        return f"{self.probability:.1%}".replace("%", " %") if self.probability >= 0.0005 else "< 0.1 %"


@dataclass(frozen=True, slots=True)
class Aligned:
    text: str
    shares: tuple[Share | None, Share | None]  # original, edited; None where that side was not read yet


def aligned(original: Odds | None, edited: Odds | None, count: int = SHOWN) -> list[Aligned]:
    """The tokens likeliest on either side, likeliest first. Tokens of one text count together."""
    sides = [None if odds is None else _by_text(odds) for odds in (original, edited)]
    known = [side for side in sides if side is not None]
    texts = {text: max(side.get(text, 0.0) for side in known) for side in known for text in side}
    chosen = sorted(texts, key=lambda text: -texts[text])[:count]
    return [Aligned(text, (_share(sides[0], text), _share(sides[1], text))) for text in chosen]


def _by_text(odds: Odds) -> dict[str, float]:
    found: dict[str, float] = {}
    for text, probability in odds:
        found[text] = found.get(text, 0.0) + probability
    return found


def _share(side: dict[str, float] | None, text: str) -> Share | None:
    if side is None:
        return None
    return Share(side[text]) if text in side else Share(min(side.values(), default=0.0), below=True)


def visible(text: str) -> str:
    """A token with its spaces and newlines shown: ·French, ↵."""
    shown = text.replace("\r\n", "↵").replace("\n", "↵").replace("\t", "⇥").replace(" ", "·")
    return shown or "(nothing)"


class OddsModel(QAbstractTableModel):
    """Rows: tokens; columns: token, original, edited."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._odds: dict[Side, Odds] = {}
        self._rows: Sequence[Aligned] = ()

    def clear(self) -> None:
        self._odds.clear()
        self._fill()

    def set_odds(self, side: Side, odds: Odds) -> None:
        self._odds[side] = odds
        self._fill()

    def _fill(self) -> None:
        self.beginResetModel()
        self._rows = aligned(self._odds.get(Side.ORIGINAL), self._odds.get(Side.EDITED))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row = self._rows[index.row()]
        if index.column() == 0:
            return visible(row.text) if role == Role.DisplayRole else None
        share = row.shares[index.column() - 1]
        if role == SHARE_ROLE:
            return 0.0 if share is None or share.below else share.probability
        if role == Role.DisplayRole:
            return "" if share is None else str(share)
        return None
