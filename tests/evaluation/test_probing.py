"""A person looks at one prompt."""

import threading

import pytest
import torch

from tests.evaluation.conftest import embeddings
from tests.tiny import tiny_model
from workbench.errors import Cancelled, InputError, NonFinite
from workbench.evaluation.probing import next_tokens, stream
from workbench.models.loaded import LoadedModel


def test_next_tokens_are_the_likeliest(taught: LoadedModel) -> None:
    prompt = "The capital of France is"
    found = next_tokens(taught, prompt + " ", k=4)  # a space at the end is left out, as facts do
    ids = torch.tensor([taught.tokenizer(prompt)["input_ids"]])
    probabilities = taught.model(input_ids=ids).logits[0, -1].softmax(-1)
    assert [p for _, p in found] == pytest.approx(probabilities.topk(4).values.tolist(), rel=1e-4)
    assert found[0][0] == " "
    everything = next_tokens(taught, prompt, k=10_000)
    assert sum(p for _, p in everything) == pytest.approx(1, rel=1e-4)


def test_the_stream_adds_up_to_the_greedy_text(taught: LoadedModel) -> None:
    pieces = list(stream(taught, "Sue lives in", 11))
    assert "".join(pieces) == " St. Louis."
    assert len(pieces) == 11


def test_a_character_of_several_tokens_comes_whole() -> None:
    loaded = tiny_model(seed=3)
    ids = loaded.tokenizer("é")["input_ids"]
    assert len(ids) == 2
    always = iter([*ids, *ids])

    def force(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(output).index_fill_(1, torch.tensor([next(always)]), 9.0)

    loaded.model.get_output_embeddings().register_forward_hook(force)
    assert list(stream(loaded, "x", 4)) == ["é", "é"]


def test_the_stream_ends_at_the_end_token_the_window_and_on_cancel(tiny: LoadedModel) -> None:
    ending = tiny_model(seed=3)
    first = next_tokens(ending, "abc", 1)
    token = ending.tokenizer(first[0][0])["input_ids"][0]
    ending.model.generation_config.eos_token_id = [token, 9]
    assert list(stream(ending, "abc", 5)) == []
    assert sum(len(piece.encode()) for piece in stream(tiny, "x" * 250, 50)) <= 6 * 3
    cancel = threading.Event()
    pieces = stream(tiny, "abc", 50, cancel)
    next(pieces)
    cancel.set()
    with pytest.raises(Cancelled):
        list(pieces)


def test_prompts_that_cannot_be_read(tiny: LoadedModel) -> None:
    with pytest.raises(InputError, match="no tokens"):
        next_tokens(tiny, "  ")
    with pytest.raises(InputError, match="takes 256 tokens and the model reads 256: shorten"):
        list(stream(tiny, "x" * 256))
    broken = tiny_model()
    embeddings(broken).fill_(torch.nan)
    with pytest.raises(NonFinite, match="“abc”"):
        next_tokens(broken, "abc")
