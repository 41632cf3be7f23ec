"""All scores on a model that knows some of the facts."""

import dataclasses
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.evaluation.conftest import FACTS, embeddings
from tests.tiny import WINDOW, tiny_model
from workbench.errors import Cancelled, InputError
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import encode_facts, encode_texts
from workbench.evaluation.evaluate import (
    batch_success,
    evaluate,
    evaluate_unedited,
    perplexity,
    read_baseline,
)
from workbench.evaluation.scores import FACT_SCORES, PROTOCOLS, SCORES, Scores
from workbench.facts.fact import Fact, Probe
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel


def test_each_score_on_facts_known_and_unknown(taught: LoadedModel) -> None:
    facts = encode_facts(taught, FACTS)
    texts = encode_texts(taught, ["Grass is green.", "Sue lives in France."])
    scores, per_fact, baseline = evaluate_unedited(taught, facts, texts)
    space = 1 / len(" purple")  # teacher forcing counts the space before the target
    np.testing.assert_allclose(per_fact.exact, [1, 0, 1])
    np.testing.assert_allclose(per_fact.generated, [1, 0, 1])
    np.testing.assert_allclose(
        per_fact.gs, [1, batch_success_of(taught, "France's main city:", "purple"), np.nan]
    )
    np.testing.assert_allclose(per_fact.preference, [1, 0, np.nan])
    blue = batch_success_of(taught, "Grass is", "blue")
    np.testing.assert_allclose(per_fact.ls, [(1 + blue) / 2, np.nan, np.nan])
    np.testing.assert_allclose(per_fact.locality_kept, [1, np.nan, 1])
    assert space <= per_fact.es[1] < 1
    assert per_fact.es[[0, 2]].tolist() == [1, 1]
    assert scores.es == pytest.approx(per_fact.es.mean())
    assert scores.gs == pytest.approx(per_fact.gs[:2].mean())
    assert scores.locality_kept == 1
    assert scores.perplexity == perplexity(taught, texts)
    assert scores.facts == 3
    assert baseline.tokens.tolist() == read_baseline(taught, facts).tokens.tolist()


def batch_success_of(loaded: LoadedModel, prompt: str, target: str) -> float:
    return float(batch_success(loaded, encode_facts(loaded, [Fact(prompt, target)]).prompts)[0])


def test_kept_compares_with_the_unedited_model(taught: LoadedModel) -> None:
    facts = encode_facts(taught, FACTS)
    baseline = read_baseline(taught, facts)
    edited = tiny_model(seed=1)
    edited.model.load_state_dict(taught.model.state_dict())
    embeddings(edited)[edited.tokenizer("S")["input_ids"]] += 3
    embeddings(edited)[edited.tokenizer("u")["input_ids"]] -= 3
    _, per_fact = evaluate(edited, facts, baseline, which=["locality_kept"])
    now = read_baseline(edited, facts)
    same = now.tokens == baseline.tokens
    assert not same.all()
    np.testing.assert_allclose(per_fact.locality_kept, [same[:3].mean(), np.nan, same[3]])


def test_a_part_of_the_facts_keeps_its_place_in_the_baseline(taught: LoadedModel, tiny: LoadedModel) -> None:
    probed = [Fact("p", "t", locality=(Probe(a), Probe(a + "!"))) for a in "abcdefgh"]
    various = encode_facts(tiny, probed)
    read = read_baseline(tiny, various)
    assert read.tokens[3] != read.tokens[0]
    _, last = evaluate(tiny, various.take([7, 1]), read, which=["locality_kept"])
    np.testing.assert_array_equal(last.locality_kept, [1, 1])
    facts = encode_facts(taught, FACTS)
    _, whole, baseline = evaluate_unedited(taught, facts)
    _, part = evaluate(taught, facts.take([2, 0]), baseline)
    for name in FACT_SCORES:
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[[2, 0]])
    partial = read_baseline(taught, facts.take([0]))  # the other fact's probe was not read
    _, unread = evaluate(taught, facts, partial)
    np.testing.assert_array_equal(unread.locality_kept, [1, np.nan, np.nan])


def test_preference_goes_by_the_mean_over_tokens(tiny: LoadedModel) -> None:
    """Old answers of one token, which are read along, and of several; against log_softmax over whole passes."""
    prompts = [Encoded((1, 2, 3), (4,), 2), Encoded((1, 2, 9, 4), (9, 4, 5), 1), Encoded((6,), (7,), 0)]
    olds = [Encoded((1, 2, 3, 7), (7, 8), 2), Encoded((1, 2), (11,), 1)]
    facts = encode_facts(tiny, [Fact("a", "b", old="c"), Fact("d", "e", old="f"), Fact("g", "h")])
    facts = replace(facts, prompts=tuple(prompts), old=replace(facts.old, items=tuple(olds)))
    _, per_fact = evaluate(tiny, facts, which=["preference"])
    by_hand = [
        mean_log_prob(tiny, new) > mean_log_prob(tiny, old)
        for new, old in zip(prompts[:2], olds, strict=True)
    ]
    np.testing.assert_array_equal(per_fact.preference, [*by_hand, np.nan])
    swapped = replace(facts, prompts=(*olds, prompts[2]), old=replace(facts.old, items=tuple(prompts[:2])))
    _, per_fact = evaluate(tiny, swapped, which=["preference"])
    np.testing.assert_array_equal(per_fact.preference, [*(not p for p in by_hand), np.nan])


def mean_log_prob(loaded: LoadedModel, item: Encoded) -> float:
    log_prob = loaded.model(input_ids=torch.tensor([item.ids])).logits[0, item.start :].log_softmax(-1)
    return float(log_prob.gather(1, torch.tensor(item.answer)[:, None]).mean())


def test_what_a_fact_lacks_is_unknown_and_not_zero(taught: LoadedModel) -> None:
    bare = encode_facts(taught, [Fact("Grass is", "green"), Fact("Grass is", "red", rephrases=(" ",))])
    scores, per_fact, _ = evaluate_unedited(taught, bare)
    for name in ("gs", "ls", "preference", "locality_kept"):
        assert np.isnan(getattr(per_fact, name)).all()
        assert np.isnan(getattr(scores, name))
    assert np.isnan(scores.perplexity)
    assert scores.exact == 0.5


def test_no_facts_at_all(taught: LoadedModel) -> None:
    scores, per_fact, _ = evaluate_unedited(taught, encode_facts(taught, []))
    assert scores.facts == 0
    assert np.isnan(scores.es)
    assert per_fact.generated.shape == (0,)


def test_only_what_is_asked_for_is_scored(taught: LoadedModel) -> None:
    facts = encode_facts(taught, FACTS)
    seen: list[tuple[int, int]] = []
    scores, _ = evaluate(taught, facts, which=["es"], watch=Watch(progress=lambda *at: seen.append(at)))
    assert seen[-1] == (3, 3)
    assert [name for name in SCORES if not np.isnan(getattr(scores, name))] == ["es"]
    with pytest.raises(ValueError, match="unknown scores: beauty"):
        evaluate(taught, facts, which=["beauty"])


def test_progress_ends_where_it_said(taught: LoadedModel) -> None:
    seen: list[tuple[int, int]] = []
    facts, texts = encode_facts(taught, FACTS), encode_texts(taught, ["Grass is green."])
    evaluate_unedited(taught, facts, texts, watch=Watch(progress=lambda *at: seen.append(at)))
    assert {total for _, total in seen} == {3 + 2 + 2 + 4 + 3 + 1 + 1}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (16, 16)


@pytest.mark.parametrize("work", ["score", "encode"])
def test_cancel_stops_it(taught: LoadedModel, work: str) -> None:
    cancel = threading.Event()
    watch = Watch(cancel, progress=lambda _done, _total: cancel.set())  # after the first batch
    facts = encode_facts(taught, FACTS)
    if work == "encode":
        cancel.set()
        with pytest.raises(Cancelled):
            encode_facts(taught, FACTS, watch)
    else:
        with pytest.raises(Cancelled):
            evaluate(taught, facts, watch=watch)
        assert watch.done <= 3


@pytest.mark.parametrize(
    "fact",
    [
        Fact("long " * WINDOW, "x"),
        Fact("p", "x", rephrases=("long " * WINDOW,)),
        Fact("p", "x", locality=(Probe("long " * WINDOW),)),
        Fact("p", "x", old="long " * WINDOW),
    ],
    ids=["prompt", "rephrase", "locality", "old"],
)
def test_what_the_window_does_not_hold_is_named(tiny: LoadedModel, fact: Fact) -> None:
    with pytest.raises(InputError, match=r"(long|“p”).*takes [\d,]+ tokens and the model reads 256: shorten"):
        encode_facts(tiny, [fact])


def test_every_score_has_its_protocol() -> None:
    names = {f.name for f in dataclasses.fields(Scores)} - {"facts", "portability_groups"}
    assert set(PROTOCOLS) == names == set(SCORES)
    assert all(text.endswith(".") and text.count(".") == 1 for text in PROTOCOLS.values())


def test_portability_is_told_by_the_datas_groups(taught: LoadedModel) -> None:
    hop, alias = (
        Probe("Sue lives in", "St. Louis", "Reasoning"),
        Probe("Grass is", "blue", "Subject_Aliasing"),
    )
    facts = [
        Fact("The capital of France is", "Paris", portability=(hop, alias)),
        Fact("Grass is", "green", portability=(alias, Probe("Grass is", "green"))),
        Fact("Sue lives in", "St. Louis"),
    ]
    encoded = encode_facts(taught, facts)
    scores, _ = evaluate(taught, encoded, which={"portability"})
    blue = batch_success_of(taught, "Grass is", "blue")
    assert scores.portability == pytest.approx(((1 + blue) / 2 + (blue + 1) / 2) / 2)
    assert scores.portability_groups == pytest.approx({"Reasoning": 1.0, "Subject_Aliasing": blue})
    last, _ = evaluate(taught, encoded.take([1, 2]), which={"portability"})
    assert last.portability_groups == pytest.approx({"Subject_Aliasing": blue})
    unasked, _ = evaluate(taught, encoded, which={"es"})
    assert unasked.portability_groups == {}
