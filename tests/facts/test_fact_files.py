"""Files that are no facts: one clear sentence each; and how reading is watched and stopped."""

import gzip
import json
import os
import threading
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from workbench.errors import Cancelled, FactFormatError
from workbench.facts import BadRow, Fact, ImportOptions, inspect, load, read

PLAIN = {"prompt": "The sky is", "target": "blue"}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.json", b" \n\t ", "it is empty"),
        ("a.csv", b"\xef\xbb\xbf", "it is empty"),
        ("a.csv", b"prompt,target\n", "it has a header and no rows"),
        ("a.csv", b"prompt,target", "it has a header and no rows"),
        ("a.csv", b"prompt\nThe sky is\n", "no column was found for the target among 'prompt'"),
        ("a.csv", b"x,y\n1,2\n", "no column was found for the prompt and the target among 'x', 'y'"),
        ("a.json", b"[]", "its list is empty"),
        ("a.json", b"[1, 2]", "its first records are no objects"),
        ("a.json", b'[{"x": 1}]', "no field was found for the prompt and the target among 'x'"),
        ("a.json", b'{\n "a": [\n]\n}', "a single JSON object and not a list of records"),
        ("a.json", b"hello", "it is not JSON (it starts with 'hello')"),
        ("a.bin", bytes(range(256)) * 20, "it holds binary data and not text"),
        ("a.csv", b"prompt,target\n" + bytes(range(256)) * 20, "it holds binary data and not text"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 99, "save the sheet as CSV UTF-8"),
        ("a.csv.gz", gzip.compress(b"prompt,target\na,b\n"), "a gzip archive: unpack it first"),
        ("a.json", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    ],
)
def test_unusable_files_get_one_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FactFormatError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith((".", ")"))


def test_missing_file_folder_and_pipe(tmp_path: Path) -> None:
    with pytest.raises(FactFormatError, match="no such file"):
        load(tmp_path / "gone.csv")
    with pytest.raises(FactFormatError, match="it is a folder"):
        load(tmp_path)
    with pytest.raises(FactFormatError, match="File name too long"):
        load(tmp_path / ("n" * 300))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FactFormatError, match="not a regular file"):
        load(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("text", "row", "sentence"),
    [
        ('[{"prompt": "a", "target": "b"},\n {"prompt": }]', 2, "line 2 (Expecting value)"),
        ('[{"prompt": "a", "target": "b"}\n {"prompt": "c"}]', 2, "a comma is missing"),
        ('[{"prompt": "a", "target": "b"}', 2, "the closing ] is missing"),
        ('[{"prompt": "a", "target": "b"}, {"prompt": "c', 2, "the file ends inside the record"),
        ('[{"prompt": "a", "target": "b"},]', 2, "Expecting value"),
        ('[{"prompt": "a", "target": "b"}] []', 2, "something follows the closing ]"),
        ("[" + '{"a": ' * 100_000, 1, "lists too deep"),
    ],
)
def test_broken_json_names_the_record(tmp_path: Path, text: str, row: int, sentence: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(text)
    with pytest.raises(FactFormatError) as caught:
        load(path)
    assert caught.value.row == row
    assert sentence in str(caught.value)


def test_json_broken_far_down_names_the_record_and_stops_there(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    records = [json.dumps(PLAIN)] * 30_000
    records[20_000] = '{"prompt": "x" "target": "y"}'
    path.write_text("[\n" + ",\n".join(records) + "\n]")
    reader = read(path)
    facts: list[Fact | BadRow] = []
    with pytest.raises(FactFormatError, match=r"row 20001: the JSON is broken at line 20,002") as caught:
        facts.extend(reader)
    assert len(facts) == 20_000
    assert caught.value.row == 20_001


def test_broken_json_lines_are_bad_rows(tmp_path: Path) -> None:
    path = tmp_path / "facts.jsonl"
    good = json.dumps(PLAIN)
    path.write_text(f'{good}\n\n{{"prompt": "a", \n[1]\n{good}\n"text"\n{{"prompt": "c"}}\n')
    imported = load(path)
    assert imported.facts == (Fact("The sky is", "blue"),) * 2
    assert [row.row for row in imported.bad] == [3, 4, 6, 7]
    assert "not valid JSON" in imported.bad[0].reason
    assert "a list and not an object" in imported.bad[1].reason
    assert imported.bad[3].column == "target"


@pytest.mark.parametrize("name", ["facts.json", "facts.jsonl", "facts.txt"])
def test_json_lines_are_known_by_their_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"prompt": broken}\n' + json.dumps(PLAIN) + "\n")
    assert inspect(path).format == "jsonl"
    assert len(load(path).facts) == 1
    path.write_text(json.dumps([PLAIN], indent=2))
    assert inspect(path).format == "json"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_json_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes('[{"prompt": "Le café est", "target": "très bon"}]'.encode(encoding))
    assert load(path).facts == (Fact("Le café est", "très bon"),)


def test_json_values_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(
        '[{"prompt": "Built in", "target": 1999}, {"prompt": "Pi is", "target": 3.5, "subject": NaN},'
        ' {"prompt": "True?", "target": true}, {"prompt": "a", "target": NaN}, {"prompt": "a", "target": {"x": 1}},'
        ' 7, null, {"prompt": "Broken \\ud83d", "target": ["", "b"]}]'
    )
    imported = load(path)
    assert imported.facts == (
        Fact("Built in", "1999"),
        Fact("Pi is", "3.5"),
        Fact("True?", "true"),
        Fact("Broken \ufffd", "b"),
    )
    assert [(row.row, row.column) for row in imported.bad] == [(4, "target"), (5, "target"), (6, ""), (7, "")]
    assert "an object and not text" in imported.bad[1].reason
    assert "null and not an object" in imported.bad[3].reason


def test_four_megabyte_json_text(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps([PLAIN, {"prompt": "x" * 4_000_000, "target": "y"}, PLAIN]))
    assert [len(fact.prompt) for fact in load(path).facts] == [10, 4_000_000, 10]


def _csv(path: Path, number: int) -> Path:
    path.write_text("prompt,target\n" + "The capital of France is,Paris\n" * number)
    return path


def _json(path: Path, number: int) -> Path:
    path.write_text("[" + ",\n".join([json.dumps(PLAIN)] * number) + "]")
    return path


def _jsonl(path: Path, number: int) -> Path:
    path.write_text("\n".join([json.dumps(PLAIN)] * number))
    return path


@pytest.mark.parametrize("make", [_csv, _json, _jsonl])
def test_reading_keeps_no_more_than_a_window(tmp_path: Path, make: Callable[[Path, int], Path]) -> None:
    path = make(tmp_path / "facts.txt", 60_000)  # about 2 MB and more
    tracemalloc.start()
    try:
        number = sum(isinstance(outcome, Fact) for outcome in read(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == 60_000
    assert peak < 1_600_000  # bytes


def test_progress_reaches_the_files_size(tmp_path: Path) -> None:
    path = _csv(tmp_path / "facts.csv", 20_000)
    seen: list[tuple[int, int]] = []
    load(path, progress=lambda done, size: seen.append((done, size)))
    done = [place for place, _ in seen]
    assert done == sorted(done)
    assert len(set(done)) > 10
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_cancelling_stops_soon(tmp_path: Path) -> None:
    cancel = threading.Event()
    reader = read(_csv(tmp_path / "facts.csv", 20_000), cancel=cancel)
    facts = list(islice(reader, 1000))
    cancel.set()
    with pytest.raises(Cancelled, match="nothing was imported"):
        facts.extend(reader)
    assert len(facts) < 1600


def test_limit_counts_good_facts(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("prompt,target\n,x\na,b\nc,d\n,y\n")
    imported = load(path, limit=1)
    assert imported.facts == (Fact("a", "b"),)
    assert [row.row for row in imported.bad] == [2]
    assert load(path, limit=0).facts == ()


def test_facts_and_bad_rows_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("prompt,target\na,b\n,x\nc ,d\n")
    reader = read(path)
    assert [type(outcome) for outcome in reader] == [Fact, BadRow, Fact]
    assert reader.notes == ("1 prompt ended in a space, which was removed.",)


def test_unknown_form_names_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps([PLAIN]))
    with pytest.raises(FactFormatError, match=r"form 'wiki' is unknown: choose among .*zsre"):
        load(path, ImportOptions(form="wiki"))
