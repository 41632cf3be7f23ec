"""One probe of a fact asked of the model as it stands."""

from dataclasses import dataclass

import torch

from workbench.evaluation.answers import agrees, write_answers
from workbench.evaluation.batching import Cancel, Watch
from workbench.evaluation.encoded import asked_ids
from workbench.evaluation.manner import PLAIN, Manner
from workbench.models.caching import next_logits
from workbench.models.chat import encode_chat
from workbench.models.encoding import Encoded, encode
from workbench.models.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class Asked:
    text: str  # what the model writes by itself, up to where an answer ends
    agrees: bool | None  # with what is expected; None where nothing is
    first_token: int  # the likeliest next token after the prompt
    read: str  # what the model was given, the template's signs and special tokens among it


def ask(
    loaded: LoadedModel,
    prompt: str,
    expected: str = "",
    cancel: Cancel | None = None,
    manner: Manner = PLAIN,
) -> Asked:
    """As the scores ask, greedily and no longer than an answer: of the manner only its form counts.

    Raises InputError for a prompt or answer that cannot be encoded, NonFinite and Cancelled."""
    ids = asked_ids(loaded, prompt, manner)
    encoded = Encoded(ids, (), len(ids) - 1)
    if expected and manner.chat:
        encoded = encode_chat(
            loaded.tokenizer, prompt, expected, loaded.window, system=manner.system, ended=False
        )
    elif expected:
        encoded = encode(loaded.tokenizer, prompt, expected, loaded.window)
    with torch.inference_mode():
        logits, _ = next_logits(loaded.model, torch.tensor([ids], device=loaded.model.device), None)
    [text] = write_answers(loaded, [encoded], [expected], Watch(cancel))
    read = str(loaded.tokenizer.decode(list(ids)))
    return Asked(text, agrees(text, expected) if expected else None, int(logits.argmax()), read)
