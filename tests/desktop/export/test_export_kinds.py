"""The four kinds through the dialog, on a tiny model, to what lies on the disk afterwards."""

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
)
from pytestqt.qtbot import QtBot
from transformers import AutoModelForCausalLM

from tests.desktop.finding import find
from tests.tiny import tiny_model
from workbench.desktop.export.dialog import ExportDialog
from workbench.desktop.export.figure_table import FigureTable
from workbench.desktop.export.kinds import export_kinds
from workbench.desktop.export.lora_options import LoraOptions
from workbench.desktop.export.lora_tables import figure, share_in_words
from workbench.desktop.export.source import NO_MODEL, ExportSource
from workbench.errors import OutOfMemory
from workbench.exports import lora
from workbench.exports.applying import apply_delta
from workbench.exports.delta_file import open_delta
from workbench.models.loading import load
from workbench.runner.bench import Bench
from workbench.session.folder import Session

if TYPE_CHECKING:
    from workbench.exports.decomposition import Decomposition

LONG_MS = 60_000


@pytest.fixture
def dialog(qtbot: QtBot, source: ExportSource, tmp_path: Path) -> Iterator[ExportDialog]:
    made = ExportDialog(export_kinds(source), tmp_path / "out")
    (tmp_path / "out").mkdir()
    made._choose_kind()
    qtbot.addWidget(made)
    made.show()
    yield made
    made.work.close()


def idle(qtbot: QtBot, dialog: ExportDialog) -> None:
    qtbot.waitUntil(lambda: not dialog.work.busy, timeout=LONG_MS)


def written(qtbot: QtBot, dialog: ExportDialog) -> Path:
    with qtbot.waitSignal(dialog.exported, timeout=LONG_MS) as signal:
        find(dialog, QPushButton, "export-start").click()
    assert isinstance(signal.args, list)
    path: Path = signal.args[0]
    return path


def options(dialog: ExportDialog) -> LoraOptions:
    found = dialog.kind.options
    assert isinstance(found, LoraOptions)
    return found


def decomposition(dialog: ExportDialog) -> "Decomposition":
    found = options(dialog).decomposition
    assert found is not None
    return found


@pytest.fixture
def lora_dialog(qtbot: QtBot, dialog: ExportDialog) -> ExportDialog:
    dialog.choose("lora")
    idle(qtbot, dialog)
    return dialog


def text(dialog: ExportDialog, name: str) -> str:
    return find(dialog, QLabel, name).text()


def table(dialog: ExportDialog, name: str) -> list[list[str]]:
    return find(dialog, FigureTable, name).texts()


def test_the_four_kinds_are_offered_with_their_own_names(dialog: ExportDialog, tmp_path: Path) -> None:
    box = find(dialog, QComboBox, "export-kind")
    assert [box.itemData(i) for i in range(box.count())] == ["hf", "delta", "lora", "report"]
    names = []
    for kind in ("hf", "delta", "report"):
        dialog.choose(kind)
        names.append(dialog.destination)
        assert find(dialog, QPushButton, "export-start").isEnabled()
    out = tmp_path / "out"
    assert names == [out / "towns-edited", out / "towns-edited.delta.safetensors", out / "towns-report"]


def test_the_edited_model_is_written_and_loads_again(
    qtbot: QtBot, dialog: ExportDialog, source: ExportSource
) -> None:
    preview = find(dialog, QPlainTextEdit, "export-preview").toPlainText()
    assert "8 edited facts" in preview
    path = written(qtbot, dialog)
    assert source.bench.loaded is not None
    again = load(str(path), "cpu", "float32")
    assert all(
        torch.equal(t, again.model.state_dict()[n]) for n, t in source.bench.loaded.model.state_dict().items()
    )
    assert (path / "README.md").read_text("utf-8") == preview


def test_a_delta_from_the_window_gives_the_edited_model(
    qtbot: QtBot, dialog: ExportDialog, source: ExportSource, tmp_path: Path
) -> None:
    dialog.choose("delta")
    path = written(qtbot, dialog)
    assert path.is_file()
    applied = apply_delta(open_delta(path), tiny_model(), tmp_path / "applied")
    state = AutoModelForCausalLM.from_pretrained(applied).state_dict()
    assert source.bench.loaded is not None
    assert all(torch.equal(t, state[n]) for n, t in source.bench.loaded.model.state_dict().items())
    dialog.choose("delta")
    assert dialog.destination == path.with_name("towns-edited-2.delta.safetensors")
    dialog.set_destination(path)
    assert "exists already" in text(dialog, "export-problem")


def test_kept_energy_is_shown_as_soon_as_the_kind_is_chosen(lora_dialog: ExportDialog) -> None:
    found = decomposition(lora_dialog)
    assert [row[0] for row in table(lora_dialog, "lora-curve")] == ["1", "4", "8", "16", "32"]
    shares = [row[1] for row in table(lora_dialog, "lora-curve")]
    assert shares == [share_in_words(found.kept(rank)) for rank in (1, 4, 8, 16, 32)]
    find(lora_dialog, QSpinBox, "lora-rank").setValue(4)
    assert f"Rank 4 keeps {share_in_words(found.kept(4))}" in text(lora_dialog, "lora-says")
    modules = dict(table(lora_dialog, "lora-modules"))
    assert modules == {n: share_in_words(s) for n, s in found.kept_by_module(4).items()}
    assert find(lora_dialog, QSpinBox, "lora-rank").maximum() == 32


def test_an_energy_is_turned_into_the_smallest_rank(lora_dialog: ExportDialog) -> None:
    found = decomposition(lora_dialog)
    box = find(lora_dialog, QDoubleSpinBox, "lora-energy")
    assert not box.isEnabled()
    assert "Captured energy" in box.toolTip()
    find(lora_dialog, QRadioButton, "lora-by-energy").click()
    box.setValue(60)
    assert f"Rank {found.rank_for(0.6)} keeps" in text(lora_dialog, "lora-says")
    assert not find(lora_dialog, QSpinBox, "lora-rank").isEnabled()
    curve = find(lora_dialog, FigureTable, "lora-curve")
    curve.setFocus()
    curve.setCurrentCell(2, 0)
    QTest.keyClick(curve, Qt.Key.Key_Return)
    assert lora_dialog.written is None
    assert find(lora_dialog, QRadioButton, "lora-by-rank").isChecked()
    assert options(lora_dialog).rank() == 8


def scored(qtbot: QtBot, dialog: ExportDialog, rank: int) -> None:
    said = f"Rank {rank} keeps"
    qtbot.waitUntil(
        lambda: text(dialog, "lora-says").startswith(said) and text(dialog, "lora-says").endswith("change."),
        timeout=LONG_MS,
    )


def test_a_rank_is_scored_once_it_is_chosen_and_written_with_its_scores(
    qtbot: QtBot, lora_dialog: ExportDialog, source: ExportSource
) -> None:
    find(lora_dialog, QSpinBox, "lora-rank").setValue(4)
    assert "not scored" in text(lora_dialog, "lora-says")
    assert {row[3] for row in table(lora_dialog, "lora-scores")} == {"–"}
    scored(qtbot, lora_dialog, 4)
    kept = {record.step: record.scores for record in source.session.scores(1)}
    rows = {row[0]: row[1:] for row in table(lora_dialog, "lora-scores")}
    assert rows["Perplexity"][:2] == [figure(kept[s].perplexity, "perplexity") for s in (0, 4)]
    assert rows["Efficacy (ES)"][2] != "–"
    assert "Portability" not in rows  # no fact has a prompt for it
    card = (written(qtbot, lora_dialog) / "README.md").read_text("utf-8")
    assert "rank 4" in card
    assert "was not scored" not in card
    find(lora_dialog, QSpinBox, "lora-rank").setValue(8)
    assert {row[3] for row in table(lora_dialog, "lora-scores")} == {"–"}
    assert [row[2] for row in table(lora_dialog, "lora-scores")] == [rows[k][1] for k in rows]
    scored(qtbot, lora_dialog, 8)


class Slow:
    """measure_adapter with a gate before it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go, self.ranks = threading.Event(), threading.Event(), list[int]()
        measure = lora.measure_adapter

        def slow(edited: object, decomposition: object, rank: int, *more: object) -> object:
            self.ranks.append(rank)
            self.begun.set()
            self.go.wait(10)
            return measure(edited, decomposition, rank, *more)  # type: ignore[arg-type]

        monkeypatch.setattr(lora, "measure_adapter", slow)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch)


@pytest.fixture
def scoring_dialog(qtbot: QtBot, slow: Slow, dialog: ExportDialog) -> ExportDialog:
    """Held while it scores the rank suggested first."""
    dialog.choose("lora")
    qtbot.waitUntil(slow.begun.is_set, timeout=LONG_MS)
    return dialog


def test_nothing_that_is_being_computed_looks_wrong(scoring_dialog: ExportDialog, slow: Slow) -> None:
    assert text(scoring_dialog, "lora-says").endswith("it is being scored…")
    labels = [label for label in scoring_dialog.findChildren(QLabel) if label.isVisible()]
    assert not [label.text() for label in labels if label.property("level") == "bad"]
    assert not scoring_dialog.form.field.property("invalid")
    slow.go.set()


def test_a_decomposition_in_the_making_looks_right_and_cannot_be_written_yet(
    qtbot: QtBot, dialog: ExportDialog, source: ExportSource
) -> None:
    with source.bench.gate.visit():  # somebody else has the model
        dialog.choose("lora")
        assert text(dialog, "lora-says").endswith("is being decomposed…")
        assert dialog.form.says.property("level") != "bad"
        assert not dialog.form.field.property("invalid")
        assert not text(dialog, "export-problem")
        assert "decomposed first" in find(dialog, QPushButton, "export-start").toolTip()
    idle(qtbot, dialog)


def test_another_rank_takes_the_place_of_the_one_being_scored(
    qtbot: QtBot, scoring_dialog: ExportDialog, slow: Slow
) -> None:
    find(scoring_dialog, QSpinBox, "lora-rank").setValue(8)
    qtbot.waitUntil(lambda: scoring_dialog.form.progress.words.text() == "Starting…")
    slow.go.set()
    scored(qtbot, scoring_dialog, 8)
    assert slow.ranks == [32, 8]


def test_an_export_does_not_wait_for_the_scores(
    qtbot: QtBot, scoring_dialog: ExportDialog, slow: Slow
) -> None:
    QTimer.singleShot(0, slow.go.set)
    card = (written(qtbot, scoring_dialog) / "README.md").read_text("utf-8")
    assert "was not scored" in card
    assert text(scoring_dialog, "lora-says").endswith("it is not scored.")
    assert find(scoring_dialog, QPushButton, "lora-again").text() == "Score rank 32"


def test_stopping_the_scores_leaves_form_and_model_as_they_were(
    qtbot: QtBot, dialog: ExportDialog, slow: Slow, source: ExportSource
) -> None:
    assert source.bench.loaded is not None
    before = {n: t.clone() for n, t in source.bench.loaded.model.state_dict().items()}
    dialog.choose("lora")
    qtbot.waitUntil(slow.begun.is_set, timeout=LONG_MS)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    slow.go.set()
    idle(qtbot, dialog)
    assert dialog.isVisible()
    assert text(dialog, "lora-says").endswith("it is not scored.")
    after = source.bench.loaded.model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(t, before[n]) for n, t in after.items())
    find(dialog, QPushButton, "lora-again").click()
    scored(qtbot, dialog, 32)


def test_failed_scores_are_a_sentence(
    qtbot: QtBot, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OutOfMemory("Memory ran out on a single text: free memory.")

    monkeypatch.setattr(lora, "measure_adapter", full)
    dialog.choose("lora")
    qtbot.waitUntil(lambda: "Memory ran out" in text(dialog, "lora-says"), timeout=LONG_MS)
    assert find(dialog, QPushButton, "lora-again").isVisible()
    assert find(dialog, QPushButton, "export-start").isEnabled()


def test_a_stopped_decomposition_can_be_taken_up_again(
    qtbot: QtBot, dialog: ExportDialog, source: ExportSource
) -> None:
    gate = source.bench.gate
    with gate.visit():  # somebody else has the model
        dialog.choose("lora")
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        idle(qtbot, dialog)
    assert "decomposed first" in find(dialog, QPushButton, "export-start").toolTip()
    again = find(dialog, QPushButton, "lora-again")
    assert again.isVisible()
    again.click()
    idle(qtbot, dialog)
    assert not again.isVisible()
    assert find(dialog, QPushButton, "export-start").isEnabled()


def test_closing_while_it_computes_waits_for_the_end(
    qtbot: QtBot, dialog: ExportDialog, source: ExportSource
) -> None:
    with source.bench.gate.visit():
        dialog.choose("lora")
        with qtbot.waitSignal(dialog.rejected):
            dialog.close()
    assert not dialog.work.busy


def test_a_report_is_written_with_its_tables_and_opened_in_the_browser(
    qtbot: QtBot, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    dialog.choose("report")
    find(dialog, QCheckBox, "report-adapters").setChecked(True)
    folder = written(qtbot, dialog)
    with (folder / "lora.csv").open(encoding="utf-8-sig") as file:
        assert [row["rank"] for row in csv.DictReader(file)] == ["8", "32"]
    button = find(dialog, QPushButton, "export-open")
    assert button.text() == "Open report"
    button.click()
    assert opened[0].toLocalFile() == str(folder / "report.html")


def test_without_a_model_only_the_report_can_be_written(
    qtbot: QtBot, source: ExportSource, tmp_path: Path
) -> None:
    dialog = ExportDialog(export_kinds(ExportSource(Bench(), source.session)), tmp_path)
    qtbot.addWidget(dialog)
    for kind in ("hf", "delta", "lora"):
        dialog.choose(kind)
        assert text(dialog, "export-problem") == NO_MODEL
        assert not find(dialog, QPushButton, "export-start").isEnabled()
        assert not dialog.work.busy
    dialog.choose("report")
    box = find(dialog, QCheckBox, "report-adapters")
    assert not box.isEnabled()
    assert "not loaded" in box.toolTip()
    assert (written(qtbot, dialog) / "report.html").is_file()


def test_a_session_without_runs_says_why_nothing_can_be_written(qtbot: QtBot, tmp_path: Path) -> None:
    bench = Bench()
    bench.set_model(tiny_model())
    with Session.create(tmp_path / "new.stableedit") as session:
        dialog = ExportDialog(export_kinds(ExportSource(bench, session)), tmp_path)
        qtbot.addWidget(dialog)
        for kind, why in (("hf", "no edits yet"), ("lora", "no edits yet"), ("report", "no run with")):
            dialog.choose(kind)
            assert why in text(dialog, "export-problem")


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100.0 %"), (0.99999, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")]
)
def test_less_than_all_is_never_said_to_be_all(share: float, words: str) -> None:
    assert share_in_words(share) == words
