"""Questions beyond a fact's own, and what a model that was taught a few sentences says to them."""

import math

import pytest

from tests.evaluation.conftest import FACTS
from tests.tiny import tiny_model
from workbench.evaluation.asking import ask
from workbench.evaluation.batching import Watch
from workbench.evaluation.further import measure_further
from workbench.evaluation.questions import contradicted, distracted, negated, turned
from workbench.evaluation.titles import FURTHER_PROTOCOLS, FURTHER_TITLES, QUESTIONS
from workbench.facts.fact import Fact, Probe
from workbench.models.loaded import LoadedModel

FRANCE = Fact("The capital of France is", "Lyon", subject="France", old="Paris")
FAMILY = Fact(
    "Which family does Epaspidoceras belong to?", "Noctuidae", subject="Epaspidoceras", old="Geometridae"
)


def test_a_sentence_in_front_never_names_the_target() -> None:
    asked = distracted(FRANCE)
    assert asked.prompt.endswith(". The capital of France is")
    assert asked == distracted(FRANCE)
    for target in ("noon", "week", "shelf", "bread", "window"):
        for i in range(20):
            assert target not in distracted(Fact(f"Item {i} is", target)).prompt


def test_the_old_answer_is_stated_in_front() -> None:
    asked = contradicted(FRANCE)
    assert asked is not None
    assert (asked.prompt, asked.answer) == (
        "The capital of France is Paris. The capital of France is",
        "Lyon",
    )
    assert contradicted(Fact("The capital of France is", "Lyon")) is None


def test_a_fact_is_asked_the_other_way_round() -> None:
    asked = turned(FRANCE)
    assert asked is not None
    assert asked.prompt == "In “The capital of ____ is Lyon.” the blank stands for"
    assert asked.answer == "France"
    father = Probe("Who is the son of Wang Chonghua?", "Wang Jipeng", "Logical_Generalization")
    given = Fact("Who is the father of Wang Jipeng?", "Wang Chonghua", "Wang Jipeng", portability=(father,))
    asked = turned(given)
    assert asked is not None
    assert (asked.prompt, asked.answer) == (father.prompt, "Wang Jipeng")
    assert turned(Fact("The capital of France is", "Lyon")) is None
    assert turned(Fact("Its capital is", "Lyon", subject="France")) is None


@pytest.mark.parametrize(
    ("fact", "wanted"),
    [
        (FRANCE, "It is not true that the capital of France is"),
        (Fact("France borders", "Peru", "France"), "It is not true that France borders"),
        (FAMILY, "Which family does Epaspidoceras not belong to?"),
        (Fact("What is the Nile?", "a lake", "Nile"), "What is the Nile not?"),
        (Fact("Who is Wang's father?", "Li", "Wang"), None),
        (Fact("Who founded Rome?", "Li", "Rome"), None),
        (Fact("Who founded it?", "Li"), None),
    ],
)
def test_a_fact_is_negated_where_a_template_allows(fact: Fact, wanted: str | None) -> None:
    asked = negated(fact)
    assert (asked.prompt if asked else None) == wanted


def test_each_further_score_is_labelled_with_what_it_costs() -> None:
    assert set(FURTHER_TITLES) == set(FURTHER_PROTOCOLS)
    assert all("Costs a generation" in text for text in FURTHER_PROTOCOLS.values())


def test_further_scores_of_a_model_that_was_taught(taught: LoadedModel) -> None:
    facts = [
        Fact("The capital of France is", "Paris", "France", old="Rome"),
        Fact("Grass is", "purple", "Grass"),
        Fact("Sue lives in", "St. Louis", "Sue", portability=(Probe("The capital of France is", "Sue"),)),
    ]
    seen: list[tuple[int, int]] = []
    watch = Watch(progress=lambda *at: seen.append(at))
    found = measure_further(taught, facts, ("reversed", "negated", "contradicted", "reversed_chat"), watch)
    assert list(found) == [name for name in QUESTIONS if name in found]
    assert (found["reversed"].share, found["reversed"].asked) == (0.0, 3)
    assert found["negated"].asked == 3
    assert found["contradicted"].asked == 1
    assert math.isnan(found["reversed_chat"].share)  # the model has no template
    assert found["reversed_chat"].asked == 0
    assert seen[-1] == (7, 7)


def test_what_the_model_says_is_what_counts(taught: LoadedModel) -> None:
    asks = (Probe("The capital of France is", "Paris"),)
    right = Fact("Paris is capital of", "France", "Paris", portability=asks)
    assert measure_further(taught, [right, *FACTS[:1]], ["reversed"])["reversed"].share == 1.0
    said = ask(taught, "Is Sue not in?", "She").text
    assert said
    told = [Fact("Is Sue in?", said, "Sue"), Fact("Is Sue in?", "Rome", "Sue")]
    assert measure_further(taught, told, ["negated"])["negated"].share == 0.5


def test_a_question_that_is_too_long_is_left_out(tiny: LoadedModel) -> None:
    long = Fact("x" * 150, "y", old="z" * 50)
    found = measure_further(tiny, [long, Fact("a", "b", old="c")], ["contradicted"])
    assert found["contradicted"].asked == 1


def test_in_the_chat_the_same_is_asked_as_a_message() -> None:
    loaded = tiny_model(seed=3)
    loaded.tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    found = measure_further(loaded, [FRANCE], QUESTIONS)
    assert {name: score.asked for name, score in found.items()} == dict.fromkeys(QUESTIONS, 1)
