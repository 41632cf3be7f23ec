"""A prompt in less room than it needs: its middle goes, the subject stays whole, and tags stand behind it."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.desktop.facts.store.columns import TAGS
from workbench.desktop.theme import tokens_of

SUBJECT_ROLE, TAGS_ROLE = int(Qt.ItemDataRole.UserRole) + 1, int(Qt.ItemDataRole.UserRole) + 2  # texts
MARGIN = 6  # pixels that the style leaves beside a cell's text
TAG_SHARE = 0.4  # of a cell that tags may take
Elide = Qt.TextElideMode
Index = QModelIndex | QPersistentModelIndex


def elided(text: str, subject: str, metrics: QFontMetrics, width: int) -> str:
    """At most ``width`` pixels of a text; of what stands around the subject, the end before it and the rest behind it
    go first."""
    at = text.find(subject) if subject else -1
    if metrics.horizontalAdvance(text) <= width or at < 0:
        return metrics.elidedText(text, Elide.ElideMiddle, width)
    room = width - metrics.horizontalAdvance(subject)
    least = metrics.horizontalAdvance("… ")
    head, tail = text[:at], text[at + len(subject) :]
    if room < 2 * least:
        whole = "…" * bool(head.strip()) + subject + "…" * bool(tail.strip())
        return metrics.elidedText(whole, Elide.ElideMiddle, width)
    for_tail = min(metrics.horizontalAdvance(tail), max(least, room // 2))
    head = _before(head, metrics, room - for_tail)
    return head + subject + _behind(tail, metrics, room - metrics.horizontalAdvance(head))


def _before(head: str, metrics: QFontMetrics, width: int) -> str:
    """Keeps the space before the subject."""
    if metrics.horizontalAdvance(head) <= width:
        return head
    space = " " if head.endswith(" ") else ""
    return (
        metrics.elidedText(head.rstrip(), Elide.ElideRight, width - metrics.horizontalAdvance(space)) + space
    )


def _behind(tail: str, metrics: QFontMetrics, width: int) -> str:
    return metrics.elidedText(tail, Elide.ElideRight, width)


class PromptDelegate(QStyledItemDelegate):
    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        room = self._room(option, index)
        if room > 0:
            option.text = elided(option.text, str(index.data(SUBJECT_ROLE) or ""), option.fontMetrics, room)
            option.textElideMode = Elide.ElideNone

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        if tags := _tags(option, index):
            painter.save()
            painter.setPen(QColor(tokens_of(option.palette).dim))
            painter.setFont(option.font)
            painter.drawText(
                option.rect.adjusted(0, 0, -MARGIN, 0),
                int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                tags,
            )
            painter.restore()

    def _room(self, option: QStyleOptionViewItem, index: Index) -> int:
        rect: QRect = option.rect
        tags = _tags(option, index)
        taken = option.fontMetrics.horizontalAdvance(tags) + MARGIN if tags else 0
        return rect.width() - 2 * MARGIN - taken


def _tags(option: QStyleOptionViewItem, index: Index) -> str:
    table = option.widget
    if isinstance(table, QTableView) and not table.isColumnHidden(TAGS):
        return ""
    tags = str(index.data(TAGS_ROLE) or "")
    rect: QRect = option.rect
    return (
        option.fontMetrics.elidedText(tags, Elide.ElideRight, int(rect.width() * TAG_SHARE)) if tags else ""
    )
