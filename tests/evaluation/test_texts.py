"""Ordinary text from files."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FactFormatError
from workbench.evaluation.texts import read_texts, split_texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_plain_lines(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("Grüße aus Köln\n\n  [1] a line in brackets  \n", encoding=encoding)
    assert read_texts(file) == ("Grüße aus Köln", "[1] a line in brackets")
    assert read_texts(str(file), limit=1) == ("Grüße aus Köln",)


@pytest.mark.parametrize("name", ["texts.json", "texts.jsonl", "texts.txt"])
def test_json_records(tmp_path: Path, name: str) -> None:
    records = [{"Corpus": "C4", "Text": "one"}, {"Text": " "}, {"Text": "two\nlines", "more": 1}]
    lines = "\n".join(map(json.dumps, records))
    (tmp_path / name).write_text(lines if name.endswith("l") else json.dumps(records))
    assert read_texts(tmp_path / name) == ("one", "two\nlines")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "it is empty: write one text per line."),
        ("a.txt", b" \n\t\n", "empty"),
        ("a.json", b"[]", "it holds no text"),
        (
            "a.json",
            b'[{"Text": "x"}, {"text": "y"}]',
            "row 2, column 'Text': it is missing: give each record one.",
        ),
        ("a.json", b'[{"Text": 3}]', "row 1, column 'Text': it is not a text"),
        ("a.json", b'["x"]', "row 1: it is a text and not an object"),
        ("a.json", b'[{"Text": "x"}', "row 2: the JSON is broken at line 1"),
        ("a.json", b'{"Text": "x",\n"more": 1}', "not a JSON list of records with a 'Text' field"),
        ("a.json", b"plain", "not a JSON list"),
        ("a.txt", b"PK\x03\x04....", "ZIP"),
        ("a.txt", b"some text\n" + b"\0" * 50, "binary"),
    ],
)
def test_bad_files_are_refused_by_place(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FactFormatError) as caught:
        read_texts(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert message in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FactFormatError, match="no such file"):
        read_texts(tmp_path / "none.txt")


@given(st.lists(st.text(max_size=3), max_size=30))
def test_the_halves_share_no_text(texts: list[str]) -> None:
    protection, scored = split_texts(texts)
    assert not set(protection) & set(scored)
    assert {*protection, *scored} == set(texts)
    assert 0 <= len(protection) - len(scored) <= 1
