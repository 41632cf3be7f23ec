"""Each benchmark's form, on records made up here."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from workbench.facts import Fact, Import, ImportOptions, Mapping, Probe, inspect, load


def importing(folder: Path, *records: dict[str, Any], **options: Any) -> Import:
    """The records through a JSON list and through JSON Lines, which must agree."""
    as_list, as_lines = folder / "facts.json", folder / "facts.jsonl"
    as_list.write_text(json.dumps(list(records), indent=1))
    as_lines.write_text("".join(json.dumps(record) + "\n" for record in records))
    imported = load(as_list, ImportOptions(**options))
    assert load(as_lines, ImportOptions(**options)).facts == imported.facts
    return imported


def only(folder: Path, form: str, record: dict[str, Any], **options: Any) -> Fact:
    imported = importing(folder, record, **options)
    assert imported.summary.form == form
    assert imported.bad == ()
    return imported.facts[0]


def test_counterfact_flat(tmp_path: Path) -> None:
    record = {
        "case_id": 7,
        "prompt": "Quillon was born in",
        "target_new": "Oslo",
        "subject": "Quillon",
        "ground_truth": "Lima",
        "rephrase_prompt": "The birthplace of Quillon is",
        "locality_prompt": "Marrow was born in",
        "locality_ground_truth": "Lima",
    }
    assert only(tmp_path, "counterfact", record) == Fact(
        "Quillon was born in",
        "Oslo",
        "Quillon",
        "Lima",
        ("The birthplace of Quillon is",),
        (Probe("Marrow was born in", "Lima"),),
        key="7",
    )


def test_counterfact_nested(tmp_path: Path) -> None:
    record = {
        "case_id": 0,
        "requested_rewrite": {
            "prompt": "{} plays the {harp}",
            "relation_id": "P0",
            "target_new": {"str": "badly", "id": "Q1"},
            "target_true": {"str": "well", "id": "Q2"},
            "subject": "Quillon",
        },
        "paraphrase_prompts": ["How Quillon plays:", "Quillon plays"],
        "neighborhood_prompts": ["Marrow plays", "Tolly plays"],
        "generation_prompts": ["Quillon is known for"],
    }
    assert only(tmp_path, "counterfact-nested", record) == Fact(
        "Quillon plays the {harp}",
        "badly",
        "Quillon",
        "well",
        ("How Quillon plays:", "Quillon plays"),
        (Probe("Marrow plays", "well", "neighborhood"), Probe("Tolly plays", "well", "neighborhood")),
        key="0",
    )


def test_counterfact_nested_without_a_rewrite(tmp_path: Path) -> None:
    good = {"requested_rewrite": {"prompt": "{} is", "target_new": {"str": "x"}, "subject": "A"}}
    imported = importing(tmp_path, good, {"requested_rewrite": [good]}, {"case_id": 3})
    assert len(imported.facts) == 1
    assert [(row.row, row.column) for row in imported.bad] == [
        (2, "requested_rewrite"),
        (3, "requested_rewrite"),
    ]


ZSRE = {
    "subject": "Quillon",
    "src": "Where was Quillon born?",
    "pred": "Lima",
    "rephrase": "What is Quillon's birthplace?",
    "alt": "Oslo",
    "answers": ["Lima", "Lima, Peru"],
    "loc": "nq question: who wrote the harp book",
    "loc_ans": "Tolly",
}


@pytest.mark.parametrize(("target", "answer", "old"), [("alt", "Oslo", "Lima"), ("answers", "Lima", "")])
def test_zsre_of_mend(tmp_path: Path, target: Literal["alt", "answers"], answer: str, old: str) -> None:
    """The marker before the locality question is the benchmark's and no part of the question."""
    assert only(tmp_path, "zsre", ZSRE, target=target) == Fact(
        "Where was Quillon born?",
        answer,
        "Quillon",
        old,
        ("What is Quillon's birthplace?",),
        (Probe("who wrote the harp book", "Tolly"),),
    )


def test_zsre_asks_for_its_target_and_says_which_it_took(tmp_path: Path) -> None:
    imported = importing(tmp_path, ZSRE)
    assert imported.summary.targets == ("alt", "answers")
    assert imported.notes == ("zsRE in MEND's form: the targets are taken from its 'alt'.",)


def test_zsre_with_an_empty_choice_is_a_bad_row(tmp_path: Path) -> None:
    imported = importing(tmp_path, ZSRE, {**ZSRE, "alt": ""})
    assert len(imported.facts) == 1
    assert str(imported.bad[0]) == (
        "row 2, column 'alt': it is empty; write what the model should answer, choose the other target or remove the "
        "row."
    )
    assert len(importing(tmp_path, ZSRE, {**ZSRE, "answers": []}, target="answers").bad) == 1


def test_zsre_of_malmen(tmp_path: Path) -> None:
    record = {name: value for name, value in ZSRE.items() if name not in ("alt", "answers", "pred")}
    fact = only(tmp_path, "zsre-malmen", record | {"ans": "Oslo"})
    assert (fact.prompt, fact.target, fact.old) == ("Where was Quillon born?", "Oslo", "")
    assert fact.locality == (Probe("who wrote the harp book", "Tolly"),)


def test_fever_of_editors(tmp_path: Path) -> None:
    record = {
        "prompt": "Quillon is a harpist.",
        "equiv_prompt": ["Quillon plays the harp.", "A harpist is Quillon."],
        "alt": "REFUTES",
        "ans": "SUPPORTS",
        "unrel_prompt": "Marrow is a poet.",
        "unrel_ans": "SUPPORTS",
    }
    fact = only(tmp_path, "fever", record)
    assert (fact.target, fact.old) == ("REFUTES", "SUPPORTS")
    assert fact.rephrases == ("Quillon plays the harp.", "A harpist is Quillon.")
    assert fact.locality == (Probe("Marrow is a poet.", "SUPPORTS"),)
    assert only(tmp_path, "fever", record, target="answers").target == "SUPPORTS"
    assert only(tmp_path, "fever", record | {"equiv_prompt": "One only."}).rephrases == ("One only.",)


def test_kilt(tmp_path: Path) -> None:
    record = {
        "id": 12,
        "input": "Quillon is a harpist.",
        "output": [{"answer": "SUPPORTS"}, {"provenance": []}],
        "alternatives": ["REFUTES"],
        "filtered_rephrases": ["Quillon plays the harp.", "Quillon is a harpist."],
        "prediction": "SUPPORTS",
    }
    fact = only(tmp_path, "kilt", record)
    assert (fact.target, fact.old, fact.key) == ("REFUTES", "SUPPORTS", "12")
    assert fact.rephrases == ("Quillon plays the harp.",)
    assert only(tmp_path, "kilt", record, target="answers").target == "SUPPORTS"
    assert importing(tmp_path, record, {**record, "alternatives": []}).bad[0].column == "alternatives"


def test_wikibigedit_with_nulls(tmp_path: Path) -> None:
    record = {
        "tag": "recent",
        "subject": "Quillon",
        "update": "Where does Quillon live?",
        "rephrase": "What is Quillon's home?",
        "ans": "Oslo",
        "personas": "Hey, where is Quillon's place?",
        "personas_pirate": "Arr, where be Quillon?",
        "mhop": "In which country does Quillon live?",
        "mhop_ans": "Norway",
        "loc": "Where does Marrow live?",
        "loc_ans": "Lima",
    }
    nulls = record | dict.fromkeys(("tag", "rephrase", "personas", "mhop", "mhop_ans", "loc", "loc_ans"))
    imported = importing(
        tmp_path,
        record,
        nulls,
        record | {"ans": None},
        record | {"mhop": float("nan"), "mhop_ans": float("nan")},
    )
    assert imported.summary.form == "wikibigedit"
    first, second, fourth = imported.facts
    assert first.tags == ("recent",)
    assert first.locality == (Probe("Where does Marrow live?", "Lima"),)
    assert first.portability == (
        Probe("Hey, where is Quillon's place?", "Oslo", "personas"),
        Probe("Arr, where be Quillon?", "Oslo", "personas_pirate"),
        Probe("In which country does Quillon live?", "Norway", "mhop"),
    )
    pirate = (Probe("Arr, where be Quillon?", "Oslo", "personas_pirate"),)
    assert second == Fact("Where does Quillon live?", "Oslo", "Quillon", portability=pirate)
    assert len(fourth.portability) == 2
    assert [(row.row, row.column) for row in imported.bad] == [(3, "ans")]


def test_ultraeditbench(tmp_path: Path) -> None:
    record = {
        "case_id": 5,
        "prompt": "Where does Quillon live?",
        "ans": "Oslo",
        "subject": "Quillon",
        "rephrase_prompt": "What is Quillon's home?",
        "loc": "Where does Marrow live?",
        "loc_ans": "Lima",
    }
    expected = Fact(
        "Where does Quillon live?",
        "Oslo",
        "Quillon",
        rephrases=("What is Quillon's home?",),
        locality=(Probe("Where does Marrow live?", "Lima"),),
        key="5",
    )
    assert only(tmp_path, "ultraeditbench", record) == expected
    other = {"rephrase_prompt": "rephrase", "loc": "locality_prompt", "loc_ans": "locality_ans"}
    variant = {other.get(name, name): value for name, value in record.items()}
    assert only(tmp_path, "", variant) == expected


@pytest.mark.parametrize("rephrase", ["rephrase_prompt", "rephrase"])
def test_knowedit(tmp_path: Path, rephrase: str) -> None:
    record = {
        "subject": "Quillon",
        "prompt": "Quillon lives in",
        "target_new": "Oslo",
        "ground_truth": ["Lima", "Lima, Peru"],
        rephrase: "Quillon's home is",
        "locality": {
            "Relation_Specificity": [{"prompt": "Quillon plays", "ground_truth": [["harp"]]}],
            "Forgetfulness": [{"prompt": None, "ground_truth": ["x"]}],
        },
        "portability": {
            "Reasoning": [
                {"prompt": "Quillon's country is", "ground_truth": "Norway"},
                {"prompt": "Quillon's king is", "ground_truth": []},
            ],
            "Subject_Aliasing": None,
        },
    }
    assert only(tmp_path, "knowedit", record) == Fact(
        "Quillon lives in",
        "Oslo",
        "Quillon",
        "Lima",
        ("Quillon's home is",),
        (Probe("Quillon plays", "harp", "Relation_Specificity"),),
        (Probe("Quillon's country is", "Norway", "Reasoning"), Probe("Quillon's king is", "", "Reasoning")),
    )


def test_knowedit_with_probes_as_lists(tmp_path: Path) -> None:
    record = {
        "prompt": "Quillon lives in",
        "target_new": "Oslo",
        "locality": {
            "neighbours": {"prompt": ["Marrow lives in", "Tolly lives in"], "ground_truth": ["Lima", "Rome"]}
        },
    }
    fact = only(tmp_path, "knowedit", record)
    assert fact.locality == (
        Probe("Marrow lives in", "Lima", "neighbours"),
        Probe("Tolly lives in", "Rome", "neighbours"),
    )


def test_qaedit(tmp_path: Path) -> None:
    record = {
        "prompt": "Who plays the harp?",
        "subject": "harp",
        "rephrase": "Who is the harpist?",
        "target": "Quillon",
        "locality": [{"loc": "Who writes?", "loc_ans": "Marrow"}, {"loc": "Who reads?", "loc_ans": "Tolly"}],
    }
    assert only(tmp_path, "qaedit", record) == Fact(
        "Who plays the harp?",
        "Quillon",
        "harp",
        rephrases=("Who is the harpist?",),
        locality=(Probe("Who writes?", "Marrow"), Probe("Who reads?", "Tolly")),
    )


def test_plain_json_records_are_mapped_by_their_fields(tmp_path: Path) -> None:
    record = {
        "Question": "Who plays?",
        "New answer": "Quillon | Marrow",
        "paraphrases": ["A?", "B?"],
        "tags": "x,y",
    }
    expected = Fact("Who plays?", "Quillon | Marrow", rephrases=("A?", "B?"), tags=("x,y",))
    assert only(tmp_path, "", record) == expected


def test_a_mapping_goes_before_the_form(tmp_path: Path) -> None:
    imported = importing(tmp_path, ZSRE, mapping=Mapping(prompt="rephrase", target="pred"))
    assert imported.facts == (Fact("What is Quillon's birthplace?", "Lima"),)
    assert imported.summary.form == ""


def test_one_odd_record_does_not_hide_the_form(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps([{"x": 1}, ZSRE, ZSRE]))
    assert inspect(path).form == "zsre"
    assert [row.row for row in load(path).bad] == [1]
