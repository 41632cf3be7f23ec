"""A prompt as a person's message in a chat, by the tokenizer's own template; the answer ends with the turn."""

from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerBase

from workbench.errors import InputError
from workbench.models.encoding import Encoded, last_token_of, require_window, shorten

_Messages = list[dict[str, str]]


def has_chat(tokenizer: PreTrainedTokenizerBase) -> bool:
    return bool(tokenizer.chat_template)


def encode_chat_prompt(tokenizer: PreTrainedTokenizerBase, prompt: str, system: str = "") -> tuple[int, ...]:
    """Up to where the model's own turn begins. Raises InputError where the template refuses the messages."""
    return _rendered(tokenizer, _asked(prompt, system), True)


def encode_chat(
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    target: str,
    window: int | None = None,
    *,
    system: str = "",
    ended: bool = True,
    subject: str = "",
) -> Encoded:
    """``ended``: the end of the turn is part of the answer. Raises InputError as ``encode`` does."""
    asked = _asked(prompt, system)
    front = _rendered(tokenizer, asked, True)
    said = {"role": "assistant", "content": target.strip()}
    whole = _rendered(tokenizer, [*asked, said], False)
    answer = whole[len(front) :] if whole[: len(front)] == front else ()
    answer = answer or tuple(tokenizer(target.strip(), add_special_tokens=False)["input_ids"])
    if not target.strip() or not answer:
        raise InputError(f"the target of {shorten(prompt)} has no tokens: write what should be answered.")
    answer = _up_to_end_of_turn(tokenizer, answer, ended)
    require_window(prompt, len(front) + len(answer), window)
    at = (
        last_token_of(tokenizer, subject, _text(tokenizer, asked, True), special_tokens=False)
        if subject
        else -1
    )
    return Encoded(front + answer[:-1], answer, len(front) - 1, at)


def _asked(prompt: str, system: str) -> _Messages:
    instruction = [{"role": "system", "content": system}] if system else []
    return [*instruction, {"role": "user", "content": prompt.strip()}]


def _rendered(tokenizer: PreTrainedTokenizerBase, messages: _Messages, open_: bool) -> tuple[int, ...]:
    text = _text(tokenizer, messages, open_)
    return tuple(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def _text(tokenizer: PreTrainedTokenizerBase, messages: _Messages, open_: bool) -> str:
    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=open_))
    except (TemplateError, TypeError, ValueError) as error:
        raise InputError(
            f"The model's chat template refuses the message {shorten(messages[-1]['content'])} ({error}): "
            "leave the system prompt empty, or take the plain form."
        ) from error


def _up_to_end_of_turn(
    tokenizer: PreTrainedTokenizerBase, answer: tuple[int, ...], ended: bool
) -> tuple[int, ...]:
    """The first special token ends the turn; a template without one ends it as the tokenizer ends a text."""
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    end = next((k for k, token in enumerate(answer) if k and token in special), len(answer))
    closing = answer[end : end + 1] or tuple(t for t in (tokenizer.eos_token_id,) if t is not None)
    return answer[:end] + (closing if ended else ())
