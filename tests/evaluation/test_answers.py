"""Where a written answer ends, and when it agrees with the target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.conftest import FACTS
from workbench.evaluation.answers import _has_strayed, agrees, answer_end, generated_answers, write_answers
from workbench.evaluation.encoded import encode_facts
from workbench.evaluation.reading import read_answers
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel


@pytest.mark.parametrize(
    ("text", "target", "answer"),
    [
        (" Paris. It is", "Paris", " Paris"),
        (" Paris", "Paris", None),
        (" Paris.", "Paris", None),  # a digit or a letter may follow
        (" Paris\nand", "Paris", " Paris"),
        ("\nParis", "Paris", ""),
        (" 3.5 million. So", "3.5 million", " 3.5 million"),
        (" example.com", "example", None),
        (' the "Times." He', "Times", ' the "Times'),
        (" St. Louis. He", "St. Louis", " St. Louis"),
        (" St. Paul. He", "St. Louis", " St. Paul"),
        (" St. Louis. He", "Paris", " St"),
        (" J. R. R. Tolkien. He", "J. R. R. Tolkien", " J. R. R. Tolkien"),
        (" Washington D.C. is", "Washington D.C.", " Washington D.C"),
        (" 東京。日本", "東京", " 東京"),
        (" दिल्ली। यह", "दिल्ली", " दिल्ली"),
    ],
)
def test_where_an_answer_ends(text: str, target: str, answer: str | None) -> None:
    end = answer_end(text, target)
    assert (None if end is None else text[:end]) == answer


@pytest.mark.parametrize(
    ("answer", "target", "same"),
    [
        ("paris", "Paris", True),
        ("the Hague", "The Hague", True),
        ("Hague", "The Hague", True),
        ("U.S.", "US", True),
        ("New-York", "New York", True),
        ("Theatre", "atre", False),
        ("Paris, France", "Paris", False),
        ("", "Paris", False),
        ("A", "The", False),
        ("A", "a", True),
        ("?", "!", False),
        ("C++", "C", False),
        ("Zürich", "Zu\u0308rich", True),
    ],
)
def test_agreement(answer: str, target: str, same: bool) -> None:
    assert agrees(answer, target) is same


@given(st.text(alphabet=st.sampled_from("aAthe nB-.\"'é "), max_size=20), st.data())
def test_an_answer_that_agrees_is_never_given_up(target: str, data: st.DataObject) -> None:
    variant = target.upper() if data.draw(st.booleans()) else f"the {target}"
    if agrees(variant, target):
        assert not any(_has_strayed(variant[:n], target) for n in range(len(variant) + 1))


def test_giving_up_early_changes_no_verdict(taught: LoadedModel) -> None:
    facts = encode_facts(taught, [*FACTS, Fact("Grass is", "the Green"), Fact("Sue lives in", "St. Paul")])
    answers = write_answers(taught, facts.prompts, [fact.target for fact in facts.facts])
    assert answers[:3] == ["Paris", "green", "St. Louis"]
    by_answer = [float(agrees(a, f.target)) for a, f in zip(answers, facts.facts, strict=True)]
    success, texts = generated_answers(taught, facts)
    assert success.tolist() == by_answer == [1, 0, 1, 1, 0]
    assert texts == ("Paris", "green", "St. Louis", "green", "St. Lou…")
    first = read_answers(taught, facts.prompts).first
    assert generated_answers(taught, facts, first=first)[0].tolist() == by_answer


def test_an_answer_that_strays_at_once_is_written_on_for_few_facts(
    taught: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = encode_facts(taught, [FACTS[0], Fact("The capital of Fran", "x")])
    first = read_answers(taught, facts.prompts).first
    assert generated_answers(taught, facts, first=first)[1] == ("Paris", "ce is Pa…")
    monkeypatch.setattr("workbench.evaluation.answers.WRITTEN_OUT", 0)
    success, texts = generated_answers(taught, facts, first=first)
    assert (success.tolist(), texts) == ([1, 0], ("Paris", "c…"))


def test_the_window_bounds_an_answer(tiny: LoadedModel) -> None:
    facts = encode_facts(tiny, [Fact("x" * 253, "ab")])
    (answer,) = write_answers(tiny, facts.prompts, ["ab"])
    assert (
        len(tiny.tokenizer(answer)["input_ids"]) <= 9
    )  # 3 tokens, or up to 3 bytes for each broken character
