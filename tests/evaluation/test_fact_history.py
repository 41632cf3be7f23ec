"""What became of each fact: said, only forced, lost, missed; and how it went."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.explaining import score_reasons, wrote_in_words
from workbench.evaluation.fact_history import FATES, FactHistory, Fate
from workbench.evaluation.scores import FactScores
from workbench.facts.diagnosis import Cause

NAN = math.nan


def scores(
    es: list[float],
    loss: list[float] | None = None,
    wrote: tuple[str, ...] = (),
    **others: float | list[float],
) -> FactScores:
    nothing = dict.fromkeys(("gs", "ls", "exact", "generated", "preference", "locality_kept"), NAN)
    rest = {name: np.full(len(es), value) for name, value in (nothing | others).items()}
    rest["loss"] = np.array(loss or [NAN] * len(es))
    return FactScores(es=np.array(es), wrote=wrote, **rest)  # type: ignore[arg-type]  # arrays only


def step(history: FactHistory, number: int, success: list[float], facts: int = 0) -> None:
    """Steps of as many facts as the first one had."""
    facts = facts or len(success)
    history.add_step(number, (number - 1) * facts, facts, np.array(success), np.full(len(success), 0.5))


def fates(history: FactHistory) -> list[Fate]:
    return [FATES[code] for code in history.fates()]


@pytest.fixture
def history() -> FactHistory:
    """Two steps of two facts, scored after each."""
    made = FactHistory()
    made.add_scores(0, scores([0.0, 0.5, 0.0, 1.0], [6.0, 5.0, 7.0, 0.1]))
    step(made, 1, [1.0, 0.5])
    made.add_scores(1, scores([1.0, 0.5], [0.1, 2.0]))
    step(made, 2, [1.0, 1.0])
    made.add_scores(2, scores([0.0, 0.5, 1.0, 0.5], [3.0, 2.5, 0.2, 1.5]))
    return made


def test_lost_is_told_from_missed(history: FactHistory) -> None:
    assert fates(history) == [Fate.LOST, Fate.MISSED, Fate.FORCED, Fate.LOST]


def test_what_is_said_is_told_from_what_only_teacher_forcing_finds() -> None:
    history = FactHistory()
    step(history, 1, [1.0, 1.0, 0.5])
    history.add_scores(
        1, scores([1.0, 1.0, 0.5], generated=[1.0, 0.0, 0.0], wrote=("Rome", "Rome, Italy", ""))
    )
    assert fates(history) == [Fate.SAID, Fate.FORCED, Fate.MISSED]
    assert [history.of(place).wrote.plain for place in range(3)] == ["Rome", "Rome, Italy", ""]
    assert wrote_in_words(history.of(1).wrote) == "The model writes “Rome, Italy”."


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("plain", [Fate.SAID, Fate.SAID, Fate.FORCED]),
        ("chat", [Fate.SAID, Fate.LOST, Fate.SAID]),
        ("both", [Fate.SAID, Fate.MISSED, Fate.FORCED]),  # right after a step only the plain form is read
    ],
)
def test_a_fact_is_said_in_every_form_that_its_run_was_made_for(form: str, wanted: list[Fate]) -> None:
    history = FactHistory(form)
    step(history, 1, [1.0] * 3)
    generated, in_chat = [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]
    made = scores([1.0] * 3, generated=generated, generated_chat=in_chat, es_chat=[1.0, 0.5, 1.0])
    history.add_scores(1, made)
    assert fates(history) == [history.of(place).fate for place in range(3)] == wanted


def test_without_a_score_in_the_chat_the_plain_form_decides() -> None:
    history = FactHistory("both")
    step(history, 1, [1.0, 1.0])
    history.add_scores(1, scores([1.0, 1.0], generated=[1.0, 0.0]))
    assert fates(history) == [Fate.SAID, Fate.FORCED]


def test_a_fact_that_took_later_and_went_again_was_lost_not_missed() -> None:
    history = FactHistory()
    step(history, 1, [0.0])
    for number, es in ((1, 1.0), (2, 0.0)):
        history.add_scores(number, scores([es]))
    assert fates(history) == [Fate.LOST]


def test_without_a_reading_right_after_its_step_missed_is_not_claimed() -> None:
    history = FactHistory()
    step(history, 1, [], facts=2)
    history.add_scores(1, scores([0.0, 1.0]))
    assert fates(history) == [Fate.LOST, Fate.FORCED]
    assert "not recorded" in score_reasons(history.of(0))[0].sentence


def test_facts_are_new_then_edited_until_they_are_scored() -> None:
    history = FactHistory()
    history.add_scores(0, scores([0.0] * 4))
    step(history, 1, [1.0, 0.0])
    assert fates(history) == [Fate.EDITED, Fate.EDITED]
    assert history.of(3).fate is Fate.NEW
    assert history.of(3).before["es"] == 0.0
    assert not history.of(3).after


def test_a_skipped_step_marks_its_facts(history: FactHistory) -> None:
    history.add_skipped(3, 4, 2)
    history.add_scores(3, scores([0.0] * 6))
    assert fates(history)[4:] == [Fate.SKIPPED, Fate.SKIPPED]
    assert history.of(5).step == 3
    assert score_reasons(history.of(5))[0].cause is Cause.SKIPPED


def test_the_trace_goes_from_the_unedited_model_to_now(history: FactHistory) -> None:
    record = history.of(2)
    assert [(m.step, m.es, round(m.loss, 6)) for m in record.trace] == [(0, 0.0, 7.0), (2, 1.0, 0.2)]
    assert (record.before["loss"], record.after["loss"], record.after_step) == (7.0, 0.2, 2)
    assert record.at_edit is not None
    assert record.at_edit.loss == 0.5


def test_a_lost_fact_tells_between_which_steps(history: FactHistory) -> None:
    record = history.of(0)
    assert record.lost_between == (1, 2)
    assert "after step 1 and no longer after step 2" in score_reasons(record)[0].sentence
    assert score_reasons(history.of(1))[0].cause is Cause.MISSED


def test_going_back_forgets_what_came_after(history: FactHistory) -> None:
    history.forget_after(1)
    assert fates(history) == [Fate.FORCED, Fate.MISSED]
    assert history.of(2).fate is Fate.NEW
    assert not history.of(0).after  # those scores were of a later state
    step(history, 2, [0.0, 0.0])
    history.add_scores(2, scores([1.0, 1.0, 0.0, 0.0]))
    assert fates(history) == [Fate.FORCED, Fate.FORCED, Fate.MISSED, Fate.MISSED]


def test_a_step_done_again_replaces_what_followed(history: FactHistory) -> None:
    step(history, 2, [0.0, 0.0])
    assert fates(history) == [Fate.FORCED, Fate.MISSED, Fate.EDITED, Fate.EDITED]


def test_the_facts_of_a_step_are_found(history: FactHistory) -> None:
    assert history.facts_of(2) == range(2, 4)
    assert not history.facts_of(9)


def test_scores_that_disagree_are_said_in_words() -> None:
    history = FactHistory()
    history.add_scores(0, scores([1.0], exact=1.0))
    step(history, 1, [1.0])
    history.add_scores(1, scores([1.0], exact=1.0, generated=0.0, gs=0.0))
    assert [reason.cause for reason in score_reasons(history.of(0))] == [
        Cause.KNOWN_BEFORE,
        Cause.FORCED_ONLY,
        Cause.PROMPT_ONLY,
    ]


SHARES = st.sampled_from([0.0, 0.5, 1.0, NAN])
WHOLE = st.sampled_from([0.0, 1.0, NAN])


@given(st.data())
def test_one_fact_and_all_together_are_judged_alike(data: st.DataObject) -> None:
    history = FactHistory(data.draw(st.sampled_from(["plain", "chat", "both"])))
    history.add_scores(0, scores([0.0] * 6))
    for number in range(1, data.draw(st.integers(1, 3)) + 1):
        kind = data.draw(st.sampled_from(["told", "untold", "skipped"]))
        if kind == "skipped":
            history.add_skipped(number, (number - 1) * 2, 2)
        else:
            shares = data.draw(st.lists(SHARES, min_size=2, max_size=2)) if kind == "told" else []
            step(history, number, shares, facts=2)
        if data.draw(st.booleans()):
            size = 2 * number
            drawn = {
                name: data.draw(st.lists(SHARES if "es" in name else WHOLE, min_size=size, max_size=size))
                for name in ("es", "es_chat", "generated", "generated_chat")
            }
            history.add_scores(number, scores(**drawn))  # type: ignore[arg-type]
    together = fates(history)
    assert [history.of(place).fate for place in range(history.done)] == together
