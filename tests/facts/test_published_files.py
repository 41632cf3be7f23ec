"""The benchmarks' own files, where they are at hand."""

from pathlib import Path

import pytest

from workbench.errors import FactFormatError
from workbench.facts import Fact, ImportOptions, find_conflicts, load, resolve, write_csv, write_jsonl


@pytest.mark.parametrize(
    ("name", "form", "facts", "repeats"),
    [
        ("counterfact_edits.json", "counterfact", 3000, 7),
        ("counterfact_warmup.json", "counterfact", 4000, 5),
        ("knowedit_zsre.json", "knowedit", 650, 0),
    ],
)
def test_every_record_is_a_whole_fact(
    shared_data: Path, name: str, form: str, facts: int, repeats: int
) -> None:
    imported = load(shared_data / "data" / name)
    assert imported.summary.form == form
    assert (len(imported.facts), imported.bad) == (facts, ())
    assert all(fact.subject and fact.old and fact.locality for fact in imported.facts)
    assert sum(not fact.rephrases for fact in imported.facts) == repeats
    assert (f"{repeats} rephrases" in "".join(imported.notes)) == bool(repeats)


def test_knowedit_probes_keep_their_kinds(shared_data: Path) -> None:
    facts = load(shared_data / "data" / "knowedit_zsre.json").facts
    assert {probe.kind for fact in facts for probe in fact.locality} == {"Relation_Specificity"}
    kinds = {probe.kind for fact in facts for probe in fact.portability}
    assert kinds == {"Reasoning", "Subject_Aliasing", "Logical_Generalization"}
    assert sum(len(fact.locality) for fact in facts) == 1300


def test_zsre_by_either_target(shared_data: Path) -> None:
    path = shared_data / "data" / "zsre_mend.json"
    imported = load(path)
    assert len(imported.facts) == 398
    assert [(row.row, row.column) for row in imported.bad] == [(399, "alt"), (400, "alt")]
    assert len(load(path, ImportOptions(target="answers")).facts) == 400
    assert not any(
        probe.prompt.startswith("nq question") for fact in imported.facts for probe in fact.locality
    )


def test_sentences_are_no_facts(shared_data: Path) -> None:
    with pytest.raises(FactFormatError, match="among 'Corpus', 'Text'"):
        load(shared_data / "data" / "me_ppl.json")


def test_known_conflicts_can_be_resolved(shared_data: Path) -> None:
    facts = load(shared_data / "data" / "counterfact_warmup.json").facts
    found = find_conflicts(facts)
    assert (len(found.duplicates), len(found.conflicts), len(found.repeated)) == (1, 17, 0)
    assert not find_conflicts(resolve(facts, found, "first"))


def test_all_files_survive_both_exports(shared_data: Path, tmp_path: Path) -> None:
    facts: list[Fact] = []
    for name in ("counterfact_edits", "knowedit_zsre", "zsre_mend", "known_facts"):
        facts += load(shared_data / "data" / f"{name}.json").facts
    write_csv(tmp_path / "facts.csv", facts)
    write_jsonl(tmp_path / "facts.jsonl", facts)
    assert load(tmp_path / "facts.csv").facts == tuple(facts)
    assert load(tmp_path / "facts.jsonl").facts == tuple(facts)
