"""Facts from the window to a file."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from workbench.desktop.facts import FactsPanel
from workbench.desktop.facts.export import write_beside
from workbench.facts import load


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_what_is_exported_loads_again(filled: FactsPanel, tmp_path: Path, name: str) -> None:
    said = write_beside(list(filled.facts), tmp_path / name, filled)
    assert said == (f"5 facts written to {tmp_path / name}.", "good")
    assert load(tmp_path / name).facts == tuple(filled.facts)


def test_a_place_that_cannot_be_written_is_told(filled: FactsPanel, tmp_path: Path) -> None:
    said = write_beside(list(filled.facts), tmp_path / "nowhere" / "out.csv", filled)
    assert said is not None
    assert said[1] == "bad"
    assert "cannot be written" in said[0]


def test_shown_facts_are_exported_in_their_order(
    qtbot: QtBot, filled: FactsPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shown"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "JSON Lines (*.jsonl)"))
    filled.page.filter_bar.field.setText("france")
    qtbot.waitUntil(lambda: len(filled.page.model.shown) == 1)
    filled.action("export-shown").trigger()
    assert [fact.subject for fact in load(path.with_suffix(".jsonl")).facts] == ["France"]
    assert "1 fact written" in filled.page.notice.label.text()
    filled.page.filter_bar.clear()
    filled.page.table.choose(np.array([4, 1]))
    filled.action("export-chosen").trigger()
    assert [fact.subject for fact in load(path.with_suffix(".jsonl")).facts] == ["Spain", "Peru"]
