"""One probe of a fact asked of the model as it stands."""

from dataclasses import dataclass

import torch

from workbench.evaluation.answers import agrees, write_answers
from workbench.evaluation.batching import Cancel, Watch
from workbench.evaluation.encoded import prompt_ids
from workbench.models.caching import next_logits
from workbench.models.encoding import Encoded, encode
from workbench.models.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class Asked:
    text: str  # what the model writes by itself, up to where an answer ends
    agrees: bool | None  # with what is expected; None where nothing is
    first_token: int  # the likeliest next token after the prompt


def ask(loaded: LoadedModel, prompt: str, expected: str = "", cancel: Cancel | None = None) -> Asked:
    """Raises InputError for a prompt or answer that cannot be encoded, NonFinite and Cancelled."""
    ids = prompt_ids(loaded, prompt)
    encoded = Encoded(ids, (), len(ids) - 1)
    if expected:
        encoded = encode(loaded.tokenizer, prompt, expected, loaded.window)
    with torch.inference_mode():
        logits, _ = next_logits(loaded.model, torch.tensor([ids], device=loaded.model.device), None)
    [text] = write_answers(loaded, [encoded], [expected], Watch(cancel))
    return Asked(text, agrees(text, expected) if expected else None, int(logits.argmax()))
