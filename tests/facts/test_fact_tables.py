"""CSV and TSV as people and spreadsheets write them."""

from pathlib import Path

import pytest

from workbench.errors import FactFormatError
from workbench.facts import BadRow, Fact, ImportOptions, Mapping, Probe, guess, inspect, load


def write(folder: Path, content: str | bytes, name: str = "facts.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_guessed(tmp_path: Path, delimiter: str) -> None:
    rows = [["Prompt", "Target", "Subject"], ["The sea is, as ever; calm", "wet | deep", "sea"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    path = write(tmp_path, text)
    assert inspect(path).delimiter == delimiter
    assert load(path).facts == (Fact("The sea is, as ever; calm", "wet | deep", "sea"),)


def test_delimiter_can_be_set(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,x;target\na;b\n")
    options = ImportOptions(delimiter=";", mapping=Mapping(prompt="prompt,x", target="target"))
    assert load(path, options).facts == (Fact("a", "b"),)
    with pytest.raises(FactFormatError, match="delimiter ';;' is not one plain character"):
        load(path, ImportOptions(delimiter=";;"))


def test_spreadsheets_sep_line_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\r\nprompt;target\r\na, b;c\r\n")
    assert load(path).facts == (Fact("a, b", "c"),)


def test_tsv_suffix_means_tabs(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target\tprompt\ttarget\nx\ta\tb\n", "facts.tsv")
    assert load(path).facts == (Fact("a", "b"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings_are_read_without_a_note(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "prompt,target\nĐà Nẵng lies in,Việt Nam 🇻🇳\n".encode(encoding))
    imported = load(path)
    assert imported.facts == (Fact("Đà Nẵng lies in", "Việt Nam 🇻🇳"),)
    assert imported.notes == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_mark_is_recognised_and_stated(tmp_path: Path, encoding: str) -> None:
    imported = load(write(tmp_path, "prompt,target\nThe café is,open\n".encode(encoding)))
    assert imported.facts == (Fact("The café is", "open"),)
    assert encoding.upper() in imported.notes[0]


def test_windows_1252_is_a_stated_fallback(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target\nLa “Norvège” coûte,5 €\n".encode("cp1252"))
    imported = load(path)
    assert imported.facts == (Fact("La “Norvège” coûte", "5 €"),)
    assert imported.summary.encoding == "cp1252"
    assert "not UTF-8" in imported.notes[0]
    assert "Windows-1252" in imported.notes[0]


def test_latin1_where_windows_1252_has_no_letter(tmp_path: Path) -> None:
    path = write(tmp_path, b"prompt,target\ncaf\xe9 \x81,open\n")
    assert inspect(path).encoding == "latin-1"
    assert load(path).facts[0].prompt == "café \x81"


def test_stray_byte_far_down_is_read_and_counted(tmp_path: Path) -> None:
    good = b"The capital of France is,Paris\n" * 4000
    imported = load(write(tmp_path, b"prompt,target\n" + good + b"Le caf\xe9 est,bon\n"))
    assert imported.facts[-1] == Fact("Le café est", "bon")
    assert imported.notes == ("1 byte was not valid UTF-8 and read as Windows-1252.",)


def test_encoding_can_be_set(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target\nСтолица Франции —,Париж\n".encode("cp1251"))
    assert load(path, ImportOptions(encoding="cp1251")).facts == (Fact("Столица Франции —", "Париж"),)
    with pytest.raises(FactFormatError, match="encoding 'klingon' is unknown"):
        load(path, ImportOptions(encoding="klingon"))
    with pytest.raises(FactFormatError, match=r"cannot be read as utf-16 .*choose another encoding"):
        load(path, ImportOptions(encoding="utf-16"))


def test_cells_with_newlines_quotes_and_nul(tmp_path: Path) -> None:
    path = write(tmp_path, 'prompt,target\r\n"one\r\ntwo ""three""",a\0b\r\n5" disk,x\r\n')
    assert load(path).facts == (Fact('one\r\ntwo "three"', "a\0b"), Fact('5" disk', "x"))


def test_old_mac_line_ends(tmp_path: Path) -> None:
    assert load(write(tmp_path, "prompt,target\ra,b\rc,d\r")).facts == (Fact("a", "b"), Fact("c", "d"))


def test_four_megabyte_cell(tmp_path: Path) -> None:
    long = "word " * 800_000
    imported = load(write(tmp_path, f'prompt,target\n"{long}",x\nshort,y\n'))
    assert len(imported.facts[0].prompt) == len(long) - 1
    assert imported.facts[1] == Fact("short", "y")


def test_lone_quote_spoils_its_own_row_only(tmp_path: Path) -> None:
    rows = "".join(f"prompt {i},target\n" for i in range(100))
    imported = load(write(tmp_path, f'prompt,target\n"The open one is,lost\n{rows}empty,\n'))
    assert [row.row for row in imported.bad] == [2, 103]
    assert "quotation mark opens and never closes" in imported.bad[0].reason
    assert len(imported.facts) == 100


def test_lone_quote_does_not_pair_with_a_later_row(tmp_path: Path) -> None:
    text = 'prompt,target\n"The open one is,lost\nkept,a\n"kept, too",b\nlast,c\n'
    imported = load(write(tmp_path, text))
    assert [row.row for row in imported.bad] == [2]
    assert imported.facts == (Fact("kept", "a"), Fact("kept, too", "b"), Fact("last", "c"))


def test_rows_are_numbered_by_the_line_they_start_on(tmp_path: Path) -> None:
    text = 'prompt,target\n"two\nlines",a\n\nempty,\n,no prompt\n'
    imported = load(write(tmp_path, text))
    assert imported.facts == (Fact("two\nlines", "a"),)
    assert [str(row) for row in imported.bad] == [
        "row 5, column 'target': it is empty; write what the model should answer or remove the row.",
        "row 6, column 'prompt': it is empty; write the prompt or remove the row.",
    ]
    assert imported.bad[0].content == "prompt: empty"


def test_ragged_rows(tmp_path: Path) -> None:
    text = "prompt,target,subject\na,b\nc,d,e,\nf,g,h,i\nj\n"
    imported = load(write(tmp_path, text))
    assert imported.facts == (Fact("a", "b"), Fact("c", "d", "e"))
    assert [(row.row, row.column) for row in imported.bad] == [(4, ""), (5, "target")]
    assert "it has 4 cells and the header 3" in imported.bad[0].reason
    assert imported.notes == ("2 rows have fewer cells than the header.",)


def test_multi_line_row_with_fewer_cells_is_whole(tmp_path: Path) -> None:
    imported = load(write(tmp_path, 'prompt,target,subject\n"two\nlines",b\nc,d,e\n'))
    assert imported.facts == (Fact("two\nlines", "b"), Fact("c", "d", "e"))
    assert imported.bad == ()


def test_strict_raises_at_the_first_bad_row(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target\na,b\nc,\n")
    with pytest.raises(FactFormatError, match="row 3, column 'target': it is empty") as caught:
        load(path, ImportOptions(strict=True))
    assert (caught.value.row, caught.value.column) == (3, "target")


def test_text_is_stripped_and_composed(tmp_path: Path) -> None:
    imported = load(write(tmp_path, "prompt,target\nCafe\u0301 is \u00a0, open\n"))
    assert imported.facts == (Fact("Café is", "open"),)
    assert imported.notes == ("1 prompt ended in a space, which was removed.",)


def test_rephrase_equal_to_the_prompt_is_left_out(tmp_path: Path) -> None:
    imported = load(write(tmp_path, "prompt,target,rephrase 1,rephrase 2\nA is,b,A is ,It is\n"))
    assert imported.facts[0].rephrases == ("It is",)
    assert imported.notes == ("1 rephrase repeated the fact's own prompt and was left out.",)


@pytest.mark.parametrize("cell", ["one | two", '["one", "two"]', "one|two|"])
def test_several_rephrases_in_a_cell(tmp_path: Path, cell: str) -> None:
    quoted = cell.replace('"', '""')
    path = write(tmp_path, f'prompt,target,paraphrases,tags\nA is,b,"{quoted}","x, y"\n')
    assert load(path).facts == (Fact("A is", "b", rephrases=("one", "two"), tags=("x", "y")),)


def test_separator_can_be_set(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target,rephrases\nA is,b,one|1 // two\n")
    mapping = Mapping(prompt="prompt", target="target", rephrases=("rephrases",), separator="//")
    assert load(path, ImportOptions(mapping=mapping)).facts[0].rephrases == ("one|1", "two")


def test_probes_in_cells(tmp_path: Path) -> None:
    header = "prompt,target,locality_prompt,locality_answer,mhop,mhop_ans\n"
    text = header + "A,b,p | q,r | s,hop,t | u\nC,d,p | q,same,,\nE,f,p | q | r,one | two,,\n"
    imported = load(write(tmp_path, text))
    assert imported.facts[0].locality == (Probe("p", "r"), Probe("q", "s"))
    assert imported.facts[0].portability == (Probe("hop", "t | u"),)
    assert imported.facts[1].locality == (Probe("p", "same"), Probe("q", "same"))
    assert imported.bad == (
        BadRow(
            4,
            "locality_answer",
            "it holds 2 texts for 3 prompts: give one for each.",
            "prompt: E; target: f; locality_prompt: p | q | r; locality_answer: one | two",
        ),
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Question,Answer", Mapping("Question", "Answer")),
        ("prompt,target_new,ground_truth", Mapping("prompt", "target_new", old="ground_truth")),
        ("prompt,ground_truth", Mapping("prompt", "ground_truth")),
        ("Question,Old answer,New Answer", Mapping("Question", "New Answer", old="Old answer")),
        ("question,answer,new_target", Mapping("question", "new_target", old="answer")),
        ("src,alt,answers,subject", Mapping("src", "alt", "subject", "answers")),
        ("CASE-ID,Prompt,Target", Mapping("Prompt", "Target", key="CASE-ID")),
        ("prompt,target,rephrase,rephrase (2)", Mapping("prompt", "target", rephrases=("rephrase", "rephrase (2)"))),
    ],
)  # fmt: skip
def test_columns_are_guessed(header: str, expected: Mapping) -> None:
    assert guess(header.split(",")) == expected


def test_repeated_and_empty_headers_are_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target,rephrase,rephrase,\na,b,c,d,e\n")
    assert inspect(path).columns == ("prompt", "target", "rephrase", "rephrase (2)", "column 5")
    assert load(path).facts[0].rephrases == ("c", "d")


def test_file_without_header(tmp_path: Path) -> None:
    path = write(tmp_path, "The sky is,blue\nGrass is,green\n")
    mapping = Mapping(prompt="column 1", target="column 2")
    options = ImportOptions(header=False, mapping=mapping)
    assert load(path, options).facts == (Fact("The sky is", "blue"), Fact("Grass is", "green"))


def test_unmapped_file_can_be_previewed_then_mapped(tmp_path: Path) -> None:
    path = write(tmp_path, "Frage,Antwort\nDer Himmel ist,blau\n")
    summary = inspect(path)
    assert summary.columns == ("Frage", "Antwort")
    assert summary.rows == (("Der Himmel ist", "blau"),)
    assert summary.sample == ()
    assert "'Frage', 'Antwort'" in summary.problem
    with pytest.raises(FactFormatError, match="no column was found for the prompt and the target"):
        load(path)
    options = ImportOptions(mapping=Mapping("Frage", "Antwort"))
    assert inspect(path, options).sample == (Fact("Der Himmel ist", "blau"),)
    assert inspect(path, options).problem == ""


def test_mapping_to_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,target\na,b\n")
    with pytest.raises(
        FactFormatError, match="there is no column 'Ziel' for the target: choose among 'prompt'"
    ):
        load(path, ImportOptions(mapping=Mapping("prompt", "Ziel")))
