"""Batched reading at answer positions against one whole forward pass per item."""

import random

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evaluation.conftest import embeddings
from tests.tiny import tiny_model
from workbench.errors import NonFinite
from workbench.evaluation import batching
from workbench.evaluation.batching import Budget
from workbench.evaluation.encoded import encode_texts
from workbench.evaluation.evaluate import batch_success, perplexity
from workbench.evaluation.reading import read_answers
from workbench.models.encoding import Encoded, encode
from workbench.models.loaded import LoadedModel


def all_logits(loaded: LoadedModel, ids: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = loaded.model(input_ids=torch.tensor([ids])).logits[0].double()
    return logits


def partly_right(loaded: LoadedModel, prompt: int, answer: int, choice: random.Random) -> Encoded:
    """An item whose answer tokens are each the model's own choice, or not, by the toss of a coin."""
    ids = [choice.randrange(256) for _ in range(prompt)]
    for _ in range(answer):
        best = int(all_logits(loaded, tuple(ids))[-1].argmax())
        ids.append(best if choice.random() < 0.6 else choice.randrange(256))
    return Encoded(tuple(ids[:-1]), tuple(ids[prompt:]), prompt - 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shapes=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 6)), min_size=1, max_size=7),
    tokens=st.integers(1, 200),
    seed=st.integers(0, 2**32),
)
def test_batches_give_what_single_passes_give(
    tiny: LoadedModel, shapes: list[tuple[int, int]], tokens: int, seed: int
) -> None:
    choice = random.Random(seed)
    items = [partly_right(tiny, prompt, answer, choice) for prompt, answer in shapes]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Budget, "on", lambda _device: Budget(tokens, 1 << 20))
        rivals = np.array([choice.randrange(-1, 256) for _ in items])
        found = read_answers(tiny, items, rivals=rivals)
    for i, item in enumerate(items):
        logits = all_logits(tiny, item.ids)[item.start :]  # (answer, vocabulary)
        answer = torch.tensor(item.answer)
        right = (logits.argmax(-1) == answer).double()
        log_prob = logits.log_softmax(-1)[torch.arange(len(answer)), answer].sum()
        assert found.share[i] == pytest.approx(float(right.mean()))
        assert found.exact[i] == float(right.all())
        assert found.first[i] == int(logits[0].argmax())
        rival = float(logits[0].log_softmax(-1)[rivals[i]]) if rivals[i] >= 0 else np.nan
        assert found.rival[i] == pytest.approx(rival, rel=1e-4, nan_ok=True)
        assert found.log_prob[i] == pytest.approx(float(log_prob), rel=1e-4)


def test_a_target_of_several_tokens_counts_by_token(taught: LoadedModel) -> None:
    item = encode(taught.tokenizer, "The capital of France is", "Parxx")  # " Par" of " Paris" is right
    assert batch_success(taught, [item]).tolist() == pytest.approx([4 / 6])


def test_no_items_no_scores(tiny: LoadedModel) -> None:
    assert batch_success(tiny, []).shape == (0,)


def test_perplexity_is_the_exponential_of_the_cross_entropy_per_token(tiny: LoadedModel) -> None:
    texts = ["Ordinary text, nothing more.", "x" * 200, "Grün ist das Gras", "y", ""]
    losses, count = 0.0, 0
    for text in texts:
        ids = tuple(tiny.tokenizer(text)["input_ids"])[:64]
        if len(ids) > 1:
            target = torch.tensor(ids[1:])
            losses += float(
                torch.nn.functional.cross_entropy(all_logits(tiny, ids)[:-1], target, reduction="sum")
            )
            count += len(target)
    assert count == 27 + 63 + 17
    assert perplexity(tiny, encode_texts(tiny, texts)) == pytest.approx(np.exp(losses / count), rel=1e-5)


def test_perplexity_without_text_is_unknown_and_of_a_collapsed_model_infinite(tiny: LoadedModel) -> None:
    assert np.isnan(perplexity(tiny, encode_texts(tiny, ["", "a"])))
    collapsed = tiny_model(seed=3)
    embeddings(collapsed).mul_(1e6)  # tied to the output
    assert perplexity(collapsed, encode_texts(collapsed, ["Ordinary text"])) == np.inf


def test_logits_that_are_no_numbers_name_the_prompt() -> None:
    broken = tiny_model("mistral")  # its output embeddings are its own
    embeddings(broken)[broken.tokenizer("z")["input_ids"]] = torch.nan
    items = [encode(broken.tokenizer, text, "b") for text in ("fine, and long", "puzzle")]
    with pytest.raises(NonFinite, match="“puzzle”") as caught:
        read_answers(broken, items)
    assert caught.value.fact == "puzzle"


def test_the_budget_bounds_tokens_and_logits() -> None:
    widths, logits = [3, 9, 5, 5, 1, 30], [1, 1, 8, 1, 1, 1]
    batches = Budget(20, 9).batches(widths, logits)
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert batches[0] == [5]  # beyond the budget: alone
    for batch in batches[1:]:
        assert len(batch) * max(widths[i] for i in batch) <= 20
        assert sum(logits[i] for i in batch) <= 9
    assert batching.Budget.on(torch.device("cpu")).tokens < batching.Budget.on(torch.device("cuda")).tokens
