"""Files made to take long: work grows with their bytes and not faster, and what is too wide or too deep is named."""

import csv
import json
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import Cancelled, FactFormatError
from workbench.facts import BadRow, Fact, ImportOptions, Mapping, guess, inspect, load, read
from workbench.facts.source import LOOK_EVERY, TextSource
from workbench.facts.table import Rows, column_names
from workbench.facts.text import clean, fold

PLAIN = {"prompt": "The sky is", "target": "blue"}
MARKS = 30  # in a row, at most, where text is exchanged safely


def work(call: Callable[[], object]) -> int:
    """Lines of Python executed."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines


def require_linear(made: Callable[[int], Callable[[], object]], number: int) -> None:
    made(number // 4)()  # what is done once only
    few, many = work(made(number)), work(made(4 * number))
    assert many < 4.4 * few


@pytest.mark.parametrize("name", ["prompt", "", "a (2)"])
def test_equal_header_names_are_told_apart_in_linear_time(name: str) -> None:
    require_linear(lambda number: lambda: column_names([name] * number), 100)
    assert column_names(["a", "a", "a (2)", "a", "a (2)"]) == (
        "a",
        "a (2)",
        "a (2) (2)",
        "a (3)",
        "a (2) (3)",
    )


def test_rephrases_of_many_columns_are_found_in_linear_time() -> None:
    require_linear(lambda number: lambda: guess(f"rephrase {i}" for i in range(number)), 100)


@pytest.mark.parametrize(
    ("row", "last", "bad"),
    [
        ('a"b,"c\n', "", "never closes"),
        ('a"b,"c\n', 'z"\n', "further down"),
        ('"a,"b""\n', "", ""),
        ('"x,"y,"z""\n', "", ""),
        ('p,"t""\n', "x\n", ""),
    ],
)
def test_stray_quotation_marks_take_linear_time(tmp_path: Path, row: str, last: str, bad: str) -> None:
    def made(number: int) -> Callable[[], object]:
        path = tmp_path / f"{number}.csv"
        path.write_text("prompt,target\n" + row * number + last)
        return lambda: load(path)

    require_linear(made, 40)
    reasons = {entry.reason for entry in load(tmp_path / "40.csv").bad}
    assert not bad or any(bad in reason for reason in reasons)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet='a",', max_size=6), max_size=12).map("\n".join))
def test_what_is_remembered_of_a_broken_row_changes_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with TextSource(path, "utf-8") as source:
        rows = [(line, None if isinstance(cells, str) else cells) for line, cells in Rows(source, ",")]
    assert rows == _rows_read_on_their_own(text)


def _rows_read_on_their_own(text: str) -> list[tuple[int, list[str] | None]]:
    """Each from its own line on, by a reader that knows nothing of the row before; None: broken."""
    rows: list[tuple[int, list[str] | None]] = []
    lines = text.splitlines(keepends=True)
    at = width = 0
    while at < len(lines):
        reader = csv.reader(iter(lines[at:]))
        cells = next(reader)
        taken = lines[at : at + reader.line_num]
        marks = "".join(taken).count('"')
        open_ended = cells != next(csv.reader([*taken, '"x"']))  # another line would belong to the row
        if open_ended or (len(taken) > 1 and marks % 2):
            rows.append((at + 1, None))
            at += 1
            continue
        if "".join(cells).strip():
            width = width or len(cells)
            rows.append((at + 1, None if "".join(cells[width:]).strip() else cells[:width]))
        at += len(taken)
    return rows


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_too_many_columns_are_counted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"facts.{suffix}"
    names = [f"n{i}" for i in range(600)]
    record = json.dumps(dict.fromkeys(names, "x") | PLAIN)
    content = {
        "csv": ",".join(names) + "\n",
        "json": f"[{json.dumps(PLAIN)}, {record}]",
        "jsonl": f"{json.dumps(PLAIN)}\n{record}\n",
    }
    path.write_text(content[suffix])
    if suffix == "csv":
        with pytest.raises(FactFormatError, match="it has 600 columns and 512 can be read"):
            inspect(path)
    else:
        imported = load(path)
        assert imported.facts == (Fact("The sky is", "blue"),)
        assert "it has 602 fields and 512 can be read" in imported.bad[0].reason


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
@pytest.mark.parametrize("depth", [33, 600, 900])
def test_lists_too_deep_spoil_their_own_record_only(tmp_path: Path, suffix: str, depth: int) -> None:
    path = tmp_path / f"facts.{suffix}"
    deep = json.dumps(PLAIN)[:-1] + ', "rephrases": ' + "[" * depth + '"x"' + "]" * depth + "}"
    records = [json.dumps(PLAIN), deep, json.dumps(PLAIN)]
    path.write_text(f"[{','.join(records)}]" if suffix == "json" else "\n".join(records))
    assert inspect(path).problem == ""
    imported = load(path)
    assert len(imported.facts) == 2
    assert [row.row for row in imported.bad] == [2]
    assert "more than 32 deep" in imported.bad[0].reason


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_brackets_in_a_text_are_no_depth(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"facts.{suffix}"
    record = json.dumps({"prompt": "[" * 900, "target": "{" * 900})
    path.write_text(f"[{record}]" if suffix == "json" else record)
    assert load(path).facts == (Fact("[" * 900, "{" * 900),)


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_too_many_values_in_a_record(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"facts.{suffix}"
    crowded = json.dumps(PLAIN | {"rephrases": ["x"] * 200_000})
    wordy = json.dumps({"prompt": "a, " * 200_000, "target": "x"})
    path.write_text(f"[{wordy}, {crowded}]" if suffix == "json" else f"{wordy}\n{crowded}\n")
    if suffix == "json":
        with pytest.raises(FactFormatError, match="row 2: it holds more than 100,000 values"):
            load(path)
    else:
        imported = load(path)
        assert len(imported.facts) == 1
        assert "more than 100,000 values" in imported.bad[0].reason


def test_too_many_texts_in_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    listed = json.dumps(["x"] * 20_000).replace('"', '""')
    path.write_text(f'prompt,target,rephrases\na,b,{"x|" * 20_000}\nc,d,"{listed}"\ne,f,x | y\n')
    imported = load(path)
    assert imported.facts == (Fact("e", "f", rephrases=("x", "y")),)
    assert all("20,00" in row.reason and "10,000 can be read" in row.reason for row in imported.bad)


@given(st.text(alphabet="a\u0301\u0323\u0344\u0f73\u1ebf\u0390 ", max_size=200))
def test_marks_beyond_reason_are_parted(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    run = longest = 0
    for sign in unicodedata.normalize("NFD", cleaned):
        run = run + 1 if unicodedata.combining(sign) else 0
        longest = max(run, longest)
    assert longest <= MARKS + 4  # those that a letter itself stands for


def test_forty_thousand_marks_keep_their_letter() -> None:
    text = "a" + "\u0323\u0301" * 20_000 + "b"
    assert clean(text)[0] == "ạ"
    assert clean(text).count("\u0301") == 20_000
    assert fold(text) == fold(clean(text))


@pytest.mark.parametrize(
    "content",
    [
        'prompt,target\na,"' + "x\n" * 2_000_000,
        'prompt,target\na,"' + "x" * 4_000_000 + '"\n',
        "[\n" + json.dumps(PLAIN) + " " * 4_000_000 + "]",
    ],
)
def test_cancel_is_seen_within_a_row(tmp_path: Path, content: str) -> None:
    path = tmp_path / "facts.txt"
    path.write_text(content)
    cancel = threading.Event()
    places: list[int] = []

    def progress(done: int, _size: int) -> None:
        places.append(done)
        if len(places) == 3:
            cancel.set()

    with pytest.raises(Cancelled):
        list(read(path, ImportOptions(mapping=Mapping("prompt", "target")), progress, cancel))
    assert places[-1] < 600_000


def test_cancel_is_seen_between_reading_a_long_row_and_cleaning_it(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    short = [f"prompt {i},b\n" for i in range(30)]  # more than the head
    path.write_text("".join(["prompt,target\n", *short, 'c,"', "xé" * 500_000, '"\n', "d,e\n"]))
    cancel = threading.Event()

    def progress(done: int, size: int) -> None:
        if done == size:
            cancel.set()

    facts: list[Fact | BadRow] = []
    with pytest.raises(Cancelled):
        facts.extend(read(path, progress=progress, cancel=cancel))
    assert len(facts) == len(short)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize(
    "length", [LOOK_EVERY - 2, LOOK_EVERY - 1, LOOK_EVERY, LOOK_EVERY + 1, 3 * LOOK_EVERY]
)
def test_lines_are_the_same_however_they_are_read(tmp_path: Path, end: str, length: int) -> None:
    path = tmp_path / "lines.txt"
    lines = ["x" * length + end, "y" + end, end, "z" * length]
    path.write_text("".join(lines), newline="")
    with TextSource(path, "utf-8") as source:
        assert list(iter(source.readline, "")) == lines
