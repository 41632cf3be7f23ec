"""What is written comes back the same; what cannot be written leaves the old file."""

import builtins
import contextlib
import csv
import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import DiskFull, ExportError, FactFormatError
from workbench.facts import BadRow, Fact, Probe, load, read, write_bad_rows, write_csv, write_jsonl
from workbench.facts.cells import joined, neutralised, parted, restored
from workbench.facts.text import clean, fold

ANY = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="=+-@\t\r\n\",;|[]'\\{}\0 aé\u0301", max_size=12),
    st.sampled_from(
        ["=1+1", "'=1", "@SUM(A1)", "[]", '["a"]', "a | b", "a, b", '"', "null", "sep=;", "\ufeffx"]
    ),
).map(clean)
FULL = ANY.filter(bool)
PROBES = st.lists(st.builds(Probe, FULL, ANY, ANY), max_size=3).map(tuple)
TEXTS = st.lists(FULL, max_size=3).map(tuple)
FACTS = st.builds(Fact, FULL, FULL, ANY, ANY, TEXTS, PROBES, PROBES, TEXTS, ANY).filter(
    lambda fact: fact.prompt not in fact.rephrases
)
ROUND_TRIP = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize(("name", "write"), [("facts.csv", write_csv), ("facts.jsonl", write_jsonl)])
@ROUND_TRIP
@given(facts=st.lists(FACTS, min_size=1, max_size=4))
def test_round_trip(
    tmp_path: Path, name: str, write: Callable[[Path, list[Fact]], int], facts: list[Fact]
) -> None:
    path = tmp_path / name
    assert write(path, facts) == len(facts)
    imported = load(path)
    assert imported.facts == tuple(facts)
    assert (imported.bad, imported.notes) == ((), ())


@ROUND_TRIP
@given(st.binary(max_size=400))
def test_any_bytes_give_facts_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "facts"
    path.write_bytes(content)
    with contextlib.suppress(FactFormatError):
        load(path)


@ROUND_TRIP
@given(st.binary(max_size=300))
def test_any_rows_give_facts_or_bad_rows(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes(b"prompt,target,rephrases\na,b,\n" + content.replace(b"\xff\xfe", b""))
    with contextlib.suppress(FactFormatError):
        outcomes = list(read(path))
        assert outcomes[0] == Fact("a", "b")


@given(st.lists(ANY, max_size=4).filter(any))
def test_cells_hold_any_texts(texts: list[str]) -> None:
    assert parted(joined(texts)) == tuple(texts)


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert fold(clean(text)) == fold(fold(text)) == fold(text)


@given(st.text())
def test_neutralising_is_undone(text: str) -> None:
    assert restored(neutralised(text)) == text
    assert neutralised(text)[:1] not in tuple("=+-@\t\r")


@pytest.mark.parametrize("prompt", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1"])
def test_no_cell_is_a_formula(tmp_path: Path, prompt: str) -> None:
    path = tmp_path / "facts.csv"
    write_csv(path, [Fact(prompt, prompt, rephrases=(prompt + " again",))])
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file)
    assert [header[0], header[1], header[4]] == ["prompt", "target", "rephrases"]
    assert [cell[:1] for cell in (row[0], row[1], row[4])] == ["'"] * 3
    assert load(path).facts[0].prompt == prompt


def test_an_apostrophe_of_the_persons_own_stays(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("prompt,target\n'-ism' is a,suffix\n")
    assert load(path).facts == (Fact("'-ism' is a", "suffix"),)


def test_bad_rows_are_written_for_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    assert (
        write_bad_rows(path, [BadRow(3, "target", "it is empty", '=A1, "x"'), BadRow(4, "", "broken")]) == 2
    )
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["row", "column", "reason", "content"],
        ["3", "target", "it is empty", '\'=A1, "x"'],
        ["4", "", "broken", ""],
    ]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    write_csv(path, [Fact("old", "one")])

    def failing() -> Iterator[Fact]:
        yield Fact("new", "one")
        raise FactFormatError(path, "it broke")

    with pytest.raises(FactFormatError):
        write_csv(path, failing())
    assert load(path).facts == (Fact("old", "one"),)
    assert [file.name for file in tmp_path.iterdir()] == ["facts.csv"]


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "facts.jsonl"
    write_jsonl(path, [Fact("old", "one")])

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    real = builtins.open
    monkeypatch.setattr(builtins, "open", lambda *args, **named: Full(real(*args, **named)))
    with pytest.raises(DiskFull, match="the disk is full"):
        write_jsonl(path, [Fact("new", "one")])
    monkeypatch.undo()
    assert load(path).facts == (Fact("old", "one"),)
    assert [file.name for file in tmp_path.iterdir()] == ["facts.jsonl"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "gone" / "facts.csv"):
        with pytest.raises(ExportError, match="choose another place"):
            write_csv(path, [Fact("a", "b")])
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
