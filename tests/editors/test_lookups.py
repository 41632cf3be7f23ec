"""Which token is the subject's last, and what a fact is read with."""

import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from tests.editors.tiny_facts import located
from tests.tiny import tiny_model, tiny_tokenizer
from workbench.editors.located.contexts import LENGTH, OPENINGS, sample_contexts
from workbench.editors.located.facts import locate, lookup, plainly
from workbench.editors.located.reading import places
from workbench.errors import InputError
from workbench.evaluation.answers import decode
from workbench.models.chat import encode_chat
from workbench.models.encoding import Encoded, encode_prompt


def words(*, bos: bool) -> PreTrainedTokenizerFast:
    """Words are tokens, and so is “Bob's”, which goes on behind the subject."""
    texts = (
        "Ada",
        "Lo",
        "Bob",
        "Bob's",
        "Oslo",
        "Rome",
        "lives",
        "in",
        "is",
        "a",
        "sun",
        ".",
        "home",
        "the",
        "of",
        "The",
    )
    backend = Tokenizer(models.WordLevel({w: i for i, w in enumerate(["<unk>", "<s>", *texts])}, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if bos:
        backend.add_special_tokens([AddedToken("<s>", special=True)])
        backend.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", unk_token="<unk>", clean_up_tokenization_spaces=False
    )


@pytest.mark.parametrize("bos", [False, True])
@pytest.mark.parametrize(
    ("prompt", "subject", "place"),
    [
        ("Ada Lo lives in", "Ada Lo", 1),
        ("the home of Ada Lo is in", "Ada Lo", 4),
        ("Bob's home is in", "Bob", 0),  # the token that covers its last letter goes on
        ("Bob of Oslo is Bob in", "Bob", 4),  # the last time it is named
        ("the home of Bob", "Bob", 3),
        ("the home of Bob's", "Bob", 3),
    ],
)
def test_lookups(bos: bool, prompt: str, subject: str, place: int) -> None:
    tokenizer = words(bos=bos)
    context = "The sun . "
    fact = locate(tokenizer, prompt, subject, [context], plainly(tokenizer, subject, "Rome", None))
    bare, behind = fact.sequences
    assert lookup(bare) == place + bos
    assert lookup(behind) == place + 3 + bos
    assert fact.essence is not None
    assert lookup(fact.essence) == len(fact.essence.ids) - 1 == len(subject.split()) - 1 + bos
    assert bare.ids[: bos + 1] == encode_prompt(tokenizer, prompt)[: bos + 1]
    assert bare.answer == behind.answer == (tokenizer.convert_tokens_to_ids("Rome"),)


def test_a_subject_named_in_a_context_is_looked_up_in_the_prompt() -> None:
    tokenizer = words(bos=True)
    fact = locate(tokenizer, "Bob lives in", "Bob", ["Bob . "], plainly(tokenizer, "Bob", "Rome", None))
    assert [lookup(s) for s in fact.sequences] == [1, 3]


def test_a_fact_without_its_subject_is_read_at_its_prompts_end() -> None:
    tokenizer = words(bos=False)
    encode = plainly(tokenizer, "Bob", "Rome", None)
    fact = locate(tokenizer, "Ada lives in", "Bob", ["Bob is a sun . "], encode)
    assert fact.essence is None
    assert [lookup(s) for s in fact.sequences] == [2, 7]


def test_padding_is_behind_every_lookup() -> None:
    loaded = tiny_model()
    batch = [s for fact in located(loaded) for s in fact.sequences]
    width = max(len(s.ids) for s in batch)
    rows = places(batch, loaded.device)
    assert [int(at) // width for at in rows] == list(range(len(batch)))
    assert [int(at) % width for at in rows] == [lookup(s) for s in batch]
    for sequence, at in zip(batch, rows.tolist(), strict=True):
        assert decode(loaded.tokenizer, [sequence.ids[at % width]]) in "oby"


def test_a_context_that_does_not_fit_is_said() -> None:
    loaded = tiny_model()
    encode = plainly(loaded.tokenizer, "Bob", "Oslo", loaded.window)
    with pytest.raises(InputError, match="shorten"):
        locate(loaded.tokenizer, "Bob is from", "Bob", ["x" * 300], encode)


def test_contexts_stand_in_the_chat_form_too() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = (
        "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "
    )

    def encode(prompt: str) -> Encoded:
        return encode_chat(tokenizer, prompt, "Oslo", subject="Bob")

    fact = locate(tokenizer, "Bob is from", "Bob", ["The sun. "], encode)
    for sequence in fact.sequences:
        assert decode(tokenizer, sequence.ids[: lookup(sequence) + 1]).endswith("Bob")


def test_contexts_are_sampled_from_their_openings_and_by_seed() -> None:
    loaded = tiny_model()
    found = sample_contexts(loaded, 7, seed=3)
    assert found == sample_contexts(loaded, 7, seed=3)
    assert found != sample_contexts(loaded, 7, seed=4)
    assert [t.startswith(OPENINGS[i % 5]) for i, t in enumerate(found)] == [True] * 7
    assert all(text.endswith(". ") for text in found)
    assert sample_contexts(loaded, 0) == ()
    assert LENGTH == 10
