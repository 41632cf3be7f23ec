"""A person looks at one prompt."""

import threading

import pytest
import torch

from tests.evaluation.conftest import embeddings
from tests.tiny import tiny_model
from workbench.errors import Cancelled, InputError, NonFinite
from workbench.evaluation.asking import ask
from workbench.evaluation.manner import Manner
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
    pieces = list(stream(taught, "Sue lives in", Manner(length=11)))
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
    assert list(stream(loaded, "x", Manner(length=4))) == ["é", "é"]


def test_the_stream_ends_at_the_end_token_the_window_and_on_cancel(tiny: LoadedModel) -> None:
    ending = tiny_model(seed=3)
    first = next_tokens(ending, "abc", 1)
    token = ending.tokenizer(first[0][0])["input_ids"][0]
    ending.model.generation_config.eos_token_id = [token, 9]
    assert list(stream(ending, "abc", Manner(length=5))) == []
    assert sum(len(piece.encode()) for piece in stream(tiny, "x" * 250, Manner(length=50))) <= 6 * 3
    cancel = threading.Event()
    pieces = stream(tiny, "abc", Manner(length=50), cancel)
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


@pytest.fixture(scope="module")
def chatty() -> LoadedModel:
    """Random weights and a template that a reader can follow."""
    loaded = tiny_model(seed=3)
    loaded.tokenizer.chat_template = (
        "{% for m in messages %}<{{ m.role[0] }}>{{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}<a>{% endif %}"
    )
    return loaded


def test_a_message_is_continued_where_the_models_turn_begins(chatty: LoadedModel) -> None:
    manner = Manner(chat=True, system="Be brief.", length=6)
    written = "<s>Be brief.\n<u>Who?\n<a>"
    ids = chatty.tokenizer(written, add_special_tokens=False)["input_ids"]
    greedy = list(ids)
    for _ in range(6):
        greedy.append(int(chatty.model(input_ids=torch.tensor([greedy])).logits[0, -1].argmax()))
    said = chatty.tokenizer.decode(greedy[len(ids) :], skip_special_tokens=True)
    assert "".join(stream(chatty, "Who?", manner)) == said
    assert next_tokens(chatty, "Who?", 1, manner) != next_tokens(chatty, "Who?", 1)
    asked = ask(chatty, "Who?", "me", manner=manner)
    assert asked.read == written
    assert asked.first_token == greedy[len(ids)]
    assert ask(chatty, "Who?").read == "Who?"


def test_without_a_template_the_chat_is_refused_in_a_sentence(tiny: LoadedModel) -> None:
    for refused in (lambda m: next_tokens(tiny, "x", 1, m), lambda m: list(stream(tiny, "x", m))):
        with pytest.raises(InputError, match="no chat template: ask in the plain form"):
            refused(Manner(chat=True))


def test_temperature_draws_by_its_seed(tiny: LoadedModel) -> None:
    def written(temperature: float, seed: int = 0) -> str:
        manner = Manner(length=12, temperature=temperature, seed=seed)
        return "".join(stream(tiny, "abc", manner))

    assert written(1.0, 1) == written(1.0, 1) != written(1.0, 2)
    assert written(1.0, 1) != written(0.0)
    assert written(1e-6, 1) == written(0.0)
