"""What a fact's tokens tell of why it may not hold."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tests.tiny import tiny_tokenizer
from workbench.evaluation.token_reasons import can_not_be_generated, token_reasons
from workbench.facts.diagnosis import Cause
from workbench.facts.fact import Fact


def words(*known: str, pattern: str = r" ?\S+") -> PreTrainedTokenizerFast:
    """One token a word, with the space before it."""
    from tokenizers import Regex

    vocabulary = {word: i for i, word in enumerate(("<unk>", *known))}
    backend = Tokenizer(models.WordLevel(vocab=vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")


def causes(tokenizer: PreTrainedTokenizerFast, fact: Fact) -> list[Cause]:
    return [reason.cause for reason in token_reasons(tokenizer, fact)]


def test_a_target_that_continues_its_prompt_has_nothing_to_say() -> None:
    assert causes(tiny_tokenizer(), Fact("Grass is", "red")) == []
    assert causes(words("Grass", " is", " red"), Fact("Grass is", "red")) == []


def test_a_target_that_is_cut_otherwise_after_its_prompt_is_told_with_both_cuts() -> None:
    tokenizer = words("Grass", " is", " red", " is red", pattern=r" is red| ?\S+")
    (reason,) = token_reasons(tokenizer, Fact("Grass is", "red"))
    assert reason.cause is Cause.TOKENS
    assert "“ is red”" in reason.sentence
    assert "“ is| red”" in reason.sentence


def test_a_word_that_the_tokenizer_does_not_know_is_told_with_its_place() -> None:
    known = words("Grass", " is", " red")
    (reason,) = token_reasons(known, Fact("Grass is", "blue"))
    assert reason.cause is Cause.UNKNOWN_TOKEN
    assert "target" in reason.sentence
    assert "prompt" in token_reasons(known, Fact("Snow is", "red"))[0].sentence


@pytest.mark.parametrize(
    ("target", "never"),
    [
        ("red", False),
        ("St. Louis", False),
        ("red.", False),
        ("red\nand green", True),
        ("red。blue", False),
        ("U.S. Senate", False),
    ],
)
def test_a_target_beyond_the_end_of_an_answer_can_not_be_generated(target: str, never: bool) -> None:
    assert can_not_be_generated(target) is never
    assert (Cause.UNREACHABLE in causes(tiny_tokenizer(), Fact("It is", target))) is never


def test_a_long_target_is_told_with_its_tokens() -> None:
    found = {r.cause: r.sentence for r in token_reasons(tiny_tokenizer(), Fact("It is", "twelve bytes"))}
    assert "13 tokens" in found[Cause.LONG_TARGET]


def test_a_fact_that_cannot_be_encoded_has_no_reasons() -> None:
    assert token_reasons(tiny_tokenizer(), Fact("", "")) == []
