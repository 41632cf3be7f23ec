"""The import wizard, walked through its widgets."""

import json
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWizard
from pytestqt.qtbot import QtBot

from workbench.desktop.courtesy import Courteous
from workbench.desktop.facts import FactsPanel, prepared
from workbench.desktop.facts.conflicts_dialog import ConflictsDialog
from workbench.desktop.facts.conflicts_view import FIRST, Keep
from workbench.desktop.facts.importing.mapping_table import PARTS, assigned, part_of
from workbench.desktop.facts.importing.reading import read_all
from workbench.desktop.facts.importing.wizard import FILE, READING, REVIEW, ImportWizard
from workbench.facts import Fact, ImportOptions, Mapping

OWN = "Frage;Antwort;Thema\nHauptstadt von Polen?;Łódź;Stadt\nZweite?;zwei;Zahl\n"


def wizard(qtbot: QtBot, panel: FactsPanel, path: Path | None) -> ImportWizard:
    made = ImportWizard(panel.facts, panel.warmup, panel.settings, path)
    qtbot.addWidget(made)
    made.show()
    return made


def read(qtbot: QtBot, made: ImportWizard) -> None:
    with qtbot.waitSignal(made.reading_page.completeChanged, timeout=20_000):
        made.button(QWizard.WizardButton.NextButton).click()


def finish(qtbot: QtBot, made: ImportWizard, panel: FactsPanel) -> None:
    if made.currentId() == FILE:
        read(qtbot, made)
    if made.currentId() == READING:
        made.button(QWizard.WizardButton.NextButton).click()
    assert made.currentId() == REVIEW
    made.button(QWizard.WizardButton.FinishButton).click()
    made.apply(panel.history)


def choose(box: QComboBox, data: object) -> None:
    index = box.findData(data)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def map_column(made: ImportWizard, column: int, part: str) -> None:
    box = made.file_page.rows.cellWidget(0, column)
    assert isinstance(box, QComboBox)
    choose(box, part)


def sampled(made: ImportWizard, row: int, column: int) -> str:
    """A cell of what the first rows become."""
    return str(made.file_page.sample.model().index(row, column).data())


def csv(tmp_path: Path, text: str, encoding: str = "utf-8", name: str = "facts.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_a_table_is_previewed_read_and_imported_in_one_step(
    qtbot: QtBot, filled: FactsPanel, tmp_path: Path
) -> None:
    before = list(filled.facts)
    path = csv(tmp_path, "prompt,target,tags\nP1,T1,a|b\nP2,,\nP3,T3,\n")
    made = wizard(qtbot, filled, path)
    assert "3 columns" in made.file_page.recognised.text()
    assert sampled(made, 0, 0) == "P1"
    assert "row 3" in sampled(made, 1, 0)
    read(qtbot, made)
    assert made.currentId() == READING
    assert made.reading_page.headline.text() == "2 facts, 1 row left out"
    assert made.reading_page.bad.model.index(0, 0).data() == "3"
    assert made.reading_page.bad.model.index(0, 1).data() == "target"
    finish(qtbot, made, filled)
    assert list(filled.facts) == [*before, Fact("P1", "T1", tags=("a", "b")), Fact("P3", "T3")]
    assert "facts.csv" in filled.undo_stack.undoText()
    filled.action("undo").trigger()
    assert list(filled.facts) == before
    filled.action("redo").trigger()
    assert len(filled.facts) == len(before) + 2


def test_a_plain_file_goes_from_file_to_review_and_back(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target\nP1,T1\nP2,T2\n"))
    read(qtbot, made)
    assert made.currentId() == REVIEW
    assert "2 facts will be added" in made.review_page.outcome.text()
    made.button(QWizard.WizardButton.BackButton).click()
    qtbot.waitUntil(lambda: made.currentId() == FILE)
    finish(qtbot, made, panel)
    assert len(panel.facts) == 2


def test_what_only_reading_to_the_end_shows_is_told_before_the_review(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    rows = "".join(f"P{i},T{i}\n" for i in range(500))
    made = wizard(qtbot, panel, csv(tmp_path, f"prompt,target\n{rows}ends in a space ,T\n"))
    read(qtbot, made)
    assert made.currentId() == READING
    assert "1 prompt ended in a space" in made.reading_page.detail.text()
    focused = made.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_Return)
    assert made.currentId() == REVIEW
    finish(qtbot, made, panel)
    assert len(panel.facts) == 501


def test_bad_rows_are_exported(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target\nP1,T1\nP2,\n"))
    read(qtbot, made)
    made.reading_page.bad.write(tmp_path / "bad.csv")
    assert "P2" in (tmp_path / "bad.csv").read_text(encoding="utf-8-sig")
    made.reading_page.bad.write(tmp_path / "missing" / "bad.csv")
    assert "cannot be written" in made.reading_page.bad.said.text()
    made.reject()


def test_columns_of_one_s_own_are_mapped_and_remembered(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    path = csv(tmp_path, OWN)
    made = wizard(qtbot, panel, path)
    following = made.button(QWizard.WizardButton.NextButton)
    assert not following.isEnabled()
    assert "no column was found" in made.file_page.problem.text()
    assert "no column was found" in following.toolTip()
    for column, part in enumerate(("prompt", "target", "tags")):
        map_column(made, column, part)
    assert following.isEnabled()
    finish(qtbot, made, panel)
    assert panel.facts[0] == Fact("Hauptstadt von Polen?", "Łódź", tags=("Stadt",))
    again = wizard(qtbot, panel, csv(tmp_path, OWN.replace("zwei", "drei"), name="more.csv"))
    assert again.file_page.isComplete()
    other = wizard(qtbot, panel, csv(tmp_path, OWN.replace("Thema", "Land"), name="other.csv"))
    assert not other.file_page.isComplete()


def test_a_part_given_to_another_column_leaves_the_first(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target,c\nP,T,C\n"))
    map_column(made, 2, "target")
    former = made.file_page.rows.cellWidget(0, 1)
    assert isinstance(former, QComboBox)
    assert former.currentData() == ""
    finish(qtbot, made, panel)
    assert list(panel.facts) == [Fact("P", "C")]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(list(PARTS))), max_size=12))
@settings(deadline=None)
def test_each_part_has_one_column_and_each_column_one_part(choices: list[tuple[str, str]]) -> None:
    """Only rephrases may come from several columns."""
    mapping = Mapping()
    for column, part in choices:
        mapping = assigned(mapping, column, part)
        assert part_of(mapping, column) == part
    held = [column for columns in mapping.columns().values() for column in columns]
    assert len(held) == len(set(held))
    assert all(len(columns) == 1 for part, columns in mapping.columns().items() if part != "rephrases")


def test_an_import_that_would_change_nothing_cannot_be_finished(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    panel.history.add(panel.facts, prepared([Fact("P", "t")]))
    made = reviewed(qtbot, panel, tmp_path, "P,t\n")
    button = made.button(QWizard.WizardButton.FinishButton)
    assert not button.isEnabled()
    assert "Nothing would change" in button.toolTip()
    choose(made.review_page.view.duplicates_rule, Keep.ALL)
    assert button.isEnabled()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_encodings_are_guessed(qtbot: QtBot, panel: FactsPanel, tmp_path: Path, encoding: str) -> None:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt;target\nGöteborg ähnelt;Malmö\n" * 3, encoding))
    finish(qtbot, made, panel)
    assert panel.facts[0] == Fact("Göteborg ähnelt", "Malmö")


def test_a_wrong_guess_is_corrected_with_the_preview_following(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    path = csv(tmp_path, "prompt;target\nГород на Неве;Омск\n", "cp1251")
    made = wizard(qtbot, panel, path)
    assert sampled(made, 0, 0) != "Город на Неве"
    choose(made.file_page.encoding, "cp1251")
    assert sampled(made, 0, 0) == "Город на Неве"
    choose(made.file_page.delimiter, ",")
    assert not made.file_page.isComplete()
    choose(made.file_page.delimiter, ";")
    made.file_page.header.click()
    map_column(made, 0, "prompt")
    map_column(made, 1, "target")
    finish(qtbot, made, panel)
    assert [fact.target for fact in panel.facts] == ["target", "Омск"]


def test_an_impossible_encoding_is_said_and_can_be_taken_back(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target\nabc,d\n"))
    choose(made.file_page.encoding, "utf-16")
    assert not made.file_page.isComplete()
    assert made.file_page.problem.isVisible()
    assert made.file_page.encoding.isVisible()
    choose(made.file_page.encoding, "utf-8")
    assert made.file_page.isComplete()


BAD = {
    "empty": b"",
    "blank": b" \n\n ",
    "header-only": b"prompt,target\n",
    "wrong-columns": b"a,b\n1,2\n",
    "no-target-anywhere": b"prompt,target\nP,\nQ,\n",
    "nul": b"\x00\x01\x02\x00binary\x00",
    "workbook": b"PK\x03\x04 something",
    "not-json.json": b"hello there",
    "cut-off.json": b'[{"prompt": "P", "target": "T"}, {"prompt": "Q", "tar',
    "one-object.json": b'{\n"prompt": "P",\n"target": "T"\n}',
    "list-of-numbers.json": b"[1, 2, 3]",
    "deep.json": b"[" * 100_000,
    "broken.jsonl": b"not json\nnor this\n",
    "missing": None,
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_told_in_the_wizard_and_change_nothing(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path, name: str
) -> None:
    path = tmp_path / (name if "." in name else f"{name}.csv")
    content = BAD[name]
    if content is not None:
        path.write_bytes(content)
    made = wizard(qtbot, panel, path)
    if made.file_page.isComplete():
        read(qtbot, made)
        assert not made.reading_page.isComplete()
        sentence = made.reading_page.headline.text()
    else:
        sentence = made.file_page.problem.text()
    assert len(sentence) > 20
    assert "Traceback" not in sentence
    assert made.isVisible()
    assert not made.button(QWizard.WizardButton.NextButton).isEnabled()
    assert made.button(QWizard.WizardButton.NextButton).toolTip()
    made.reject()
    assert len(panel.facts) == 0


def test_another_file_mends_a_bad_choice(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    made = wizard(qtbot, panel, tmp_path / "missing.csv")
    made.file_page.file.setText(str(csv(tmp_path, "prompt,target\nP,T\n")))
    QTest.keyClick(made.file_page.file, Qt.Key.Key_Tab)
    made.file_page.file.editingFinished.emit()
    assert made.file_page.isComplete()
    finish(qtbot, made, panel)
    assert list(panel.facts) == [Fact("P", "T")]


def test_mend_s_zsre_asks_for_the_target(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    record = {"subject": "s", "src": "Who?", "rephrase": "Say who", "alt": "Eve", "answers": ["Ann"]}
    record |= {"loc": "nq question: where", "loc_ans": "here", "cond": "x", "pred": "y"}
    path = tmp_path / "zsre.json"
    path.write_text(json.dumps([record]))
    made = wizard(qtbot, panel, path)
    assert "zsRE" in made.file_page.recognised.text()
    assert sampled(made, 0, 1) == "Eve"
    choose(made.file_page.target, "answers")
    assert sampled(made, 0, 1) == "Ann"
    finish(qtbot, made, panel)
    assert panel.facts[0].target == "Ann"


def test_records_with_fields_of_their_own_are_mapped(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"q": "Capital of X is", "a": "Y"}\n{"q": "", "a": "Z"}\n')
    made = wizard(qtbot, panel, path)
    map_column(made, 0, "prompt")
    map_column(made, 1, "target")
    finish(qtbot, made, panel)
    assert list(panel.facts) == [Fact("Capital of X is", "Y")]


def test_cancel_while_reading_stops_at_once_and_imports_nothing(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    rows = "".join(f"Prompt {i},target {i}\n" for i in range(60_000))
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target\n" + rows))
    made.button(QWizard.WizardButton.NextButton).click()
    assert made.reading_page.running
    made.button(QWizard.WizardButton.CancelButton).click()
    assert not made.isVisible()
    assert not made.reading_page.running
    assert made.reading_page.result is None
    assert len(panel.facts) == 0


def test_going_back_stops_reading_and_reads_again(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target\nP,T\nQ,\n"))
    read(qtbot, made)
    made.button(QWizard.WizardButton.BackButton).click()
    assert made.currentId() == FILE
    csv(tmp_path, "prompt,target\nP,T\nQ,U\n")
    finish(qtbot, made, panel)
    assert len(panel.facts) == 2


def reviewed(qtbot: QtBot, panel: FactsPanel, tmp_path: Path, rows: str) -> ImportWizard:
    made = wizard(qtbot, panel, csv(tmp_path, "prompt,target\n" + rows))
    read(qtbot, made)
    assert made.currentId() == REVIEW
    return made


def targets(panel: FactsPanel) -> list[str]:
    return [fact.target for fact in panel.facts]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Keep.FIRST, ["old", "same", "x1"]),
        (Keep.LAST, ["same", "new", "x2"]),
        (Keep.ALL, ["old", "same", "new", "x1", "x2"]),
    ],
)
def test_conflicts_with_the_table_and_within_the_file_follow_the_rule(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path, rule: Keep, expected: list[str]
) -> None:
    panel.history.add(panel.facts, prepared([Fact("P", "old"), Fact("S", "same")]))
    made = reviewed(qtbot, panel, tmp_path, "P,new\nS,same\nX,x1\nX,x2\n")
    view = made.review_page.view
    assert "2 prompts with different targets and 1 prompt with repeated facts" in view.summary.text()
    choose(view.conflicts_rule, rule)
    finish(qtbot, made, panel)
    assert targets(panel) == expected
    panel.action("undo").trigger()
    assert targets(panel) == ["old", "same"]


def test_keeping_the_first_takes_nothing_from_the_table(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    panel.history.add(panel.facts, prepared([Fact("P", "a"), Fact("P", "b")]))
    finish(qtbot, reviewed(qtbot, panel, tmp_path, "P,c\nQ,d\n"), panel)
    assert targets(panel) == ["a", "b", "d"]


def test_ticks_decide_one_by_one(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    made = reviewed(qtbot, panel, tmp_path, "X,a\nX,b\nX,c\nY,1\nY,1\n")
    view = made.review_page.view
    model = view.model
    model.setData(model.index(0, FIRST), Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole)
    model.setData(model.index(0, FIRST + 2), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert view.conflicts_rule.currentData() is Keep.CHOSEN
    assert view.duplicates_rule.currentData() is Keep.FIRST
    assert "2 facts will be added" in made.review_page.outcome.text()
    finish(qtbot, made, panel)
    assert targets(panel) == ["c", "1"]


def test_the_first_few_go_to_warm_up(qtbot: QtBot, panel: FactsPanel, tmp_path: Path) -> None:
    made = reviewed(qtbot, panel, tmp_path, "A,1\nB,2\nA,3\nC,4\n")
    page = made.review_page
    page.only_first.click()
    page.limit.setValue(2)
    page.to_warmup.click()
    assert "nothing to resolve" in page.view.summary.text()
    assert page.outcome.text().startswith("2 facts will be added to Warm-up")
    finish(qtbot, made, panel)
    assert [fact.target for fact in panel.warmup] == ["1", "2"]
    assert len(panel.facts) == 0


def test_the_table_s_own_conflicts_are_resolved_at_any_time(qtbot: QtBot, panel: FactsPanel) -> None:
    panel.history.add(panel.facts, prepared([Fact("P", "a"), Fact("Q", "b"), Fact("P", "c"), Fact("Q", "b")]))
    dialog = ConflictsDialog(panel.facts)
    qtbot.addWidget(dialog)
    assert dialog.drop.text() == "Drop 2 facts"
    assert dialog.dropped().tolist() == [2, 3]
    choose(dialog.view.conflicts_rule, Keep.ALL)
    choose(dialog.view.duplicates_rule, Keep.ALL)
    assert not dialog.drop.isEnabled()
    assert dialog.drop.toolTip()


def test_published_facts_are_recognised(qtbot: QtBot, panel: FactsPanel, shared_data: Path) -> None:
    result = read_all(
        Courteous(lambda _: None, Event()),
        shared_data / "data" / "counterfact_edits.json",
        ImportOptions(),
        {},
    )
    assert len(result.facts) == 3_000
    made = wizard(qtbot, panel, shared_data / "data" / "counterfact_edits.json")
    assert "CounterFact" in made.file_page.recognised.text()
