"""What the table of facts shows of a cell: where the keyboard is, a prompt's subject, its tags."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from workbench.desktop.facts import FactsPanel, prepared
from workbench.desktop.facts.eliding import PromptDelegate
from workbench.desktop.facts.store.columns import PROMPT, TAGS, TARGET
from workbench.desktop.theme import tokens_of
from workbench.facts import Fact

LONG = "Everybody knows by now that the mother tongue of Danielle Darrieux, the actress, is"


def colours(panel: FactsPanel, at: QPoint, width: int = 1) -> set[str]:
    picture = panel.page.table.viewport().grab().toImage()
    return {picture.pixelColor(at.x() + i, at.y()).name() for i in range(width)}


def drawn(panel: FactsPanel, row: int) -> str:
    table = panel.page.table
    index = panel.page.model.index(row, PROMPT)
    option = QStyleOptionViewItem()
    option.initFrom(table)
    option.rect, option.widget = table.visualRect(index), table
    delegate = table.itemDelegateForColumn(PROMPT)
    assert isinstance(delegate, PromptDelegate)
    delegate.initStyleOption(option, index)
    return str(option.text)


def test_the_cell_that_the_keyboard_is_in_has_a_frame(filled: FactsPanel) -> None:
    table, accent = filled.page.table, QColor(tokens_of(filled.palette()).accent).name()
    first, second = (filled.page.model.index(1, column) for column in (PROMPT, TARGET))
    table.setFocus()
    table.setCurrentIndex(first)
    QApplication.processEvents()
    corners = [table.visualRect(index).topLeft() + QPoint(1, 8) for index in (first, second)]
    assert colours(filled, corners[0]) == {accent}
    table.setCurrentIndex(second)
    QApplication.processEvents()
    assert accent not in colours(filled, corners[0])
    assert colours(filled, corners[1]) == {accent}


def test_a_long_prompt_is_cut_around_its_subject(panel: FactsPanel) -> None:
    facts = [Fact(LONG, "French", subject="Danielle Darrieux"), Fact(LONG, "French"), Fact("Short", "x")]
    panel.history.add(panel.facts, prepared(facts))
    panel.page.table.setColumnWidth(PROMPT, 190)
    assert "Danielle Darrieux" in drawn(panel, 0)
    assert drawn(panel, 0) != LONG
    assert "…" in drawn(panel, 1)
    assert drawn(panel, 1).endswith("is")
    assert drawn(panel, 2) == "Short"


def test_tags_stand_behind_the_prompt_while_their_column_is_hidden(panel: FactsPanel) -> None:
    panel.history.add(
        panel.facts, prepared([Fact("A prompt", "x", tags=("book", "1516")), Fact("A prompt b", "y")])
    )
    table = panel.page.table
    table.clearSelection()
    QApplication.processEvents()
    pane = QColor(tokens_of(panel.palette()).pane).name()

    def behind(row: int) -> bool:
        rect = table.visualRect(panel.page.model.index(row, PROMPT))
        ends = [QPoint(rect.right() - 40, rect.top() + y) for y in range(6, 20)]
        return any(colours(panel, at, 34) - {pane} for at in ends)

    assert table.isColumnHidden(TAGS)
    assert behind(0)
    assert not behind(1)
    table.setColumnHidden(TAGS, False)
    assert not behind(0)
    assert "book, 1516" in str(panel.page.model.index(0, PROMPT).data(3))  # the tooltip
