"""How far next-token distributions have moved on prompts that no edit is about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from workbench.evaluation.answers import decode
from workbench.evaluation.batching import Budget, Watch, for_each_batch
from workbench.models.caching import read_logits
from workbench.models.chat import encode_chat_prompt, has_chat
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

OPENINGS, OPENING_TOKENS = 48, 16  # how many texts are opened, in each form, and how far


@dataclass(frozen=True, slots=True)
class Reference:
    """The unedited model's next-token distributions after P prompts."""

    prompts: tuple[Encoded, ...] = field(repr=False)  # (P,)
    log_probs: Tensor = field(repr=False)  # (P, vocabulary) float32, on the CPU


def read_reference(loaded: LoadedModel, texts: Sequence[Encoded], watch: Watch | None = None) -> Reference:
    """After the openings of ordinary ``texts``. Call it before the first edit. Raises Cancelled, OutOfMemory."""
    prompts = openings(loaded, texts)
    kept = torch.empty(len(prompts), loaded.model.get_output_embeddings().weight.shape[0])

    def keep(batch: list[int], log_probs: Tensor) -> None:
        kept[batch] = log_probs.cpu()

    _for_each(loaded, prompts, keep, watch)
    return Reference(prompts, kept)


def drift(loaded: LoadedModel, reference: Reference, watch: Watch | None = None) -> float:
    """Mean KL(unedited ‖ now), nats; NaN without prompts. Raises Cancelled, OutOfMemory."""
    found = torch.full((len(reference.prompts),), torch.nan)

    def compare(batch: list[int], now: Tensor) -> None:
        before = reference.log_probs[batch].to(now.device)
        found[batch] = (before.exp() * (before - now)).sum(-1).cpu()

    _for_each(loaded, reference.prompts, compare, watch)
    return float(found.mean())


def openings(loaded: LoadedModel, texts: Sequence[Encoded]) -> tuple[Encoded, ...]:
    """The beginnings of texts, plain and as messages, that fit the model."""
    opened = [text.ids[:OPENING_TOKENS] for text in texts[:OPENINGS]]
    prompts = list(opened)
    if has_chat(loaded.tokenizer):
        prompts += [encode_chat_prompt(loaded.tokenizer, decode(loaded.tokenizer, ids)) for ids in opened]
    return tuple(Encoded(ids, (0,), len(ids) - 1) for ids in prompts if len(ids) < loaded.window)


def _for_each(
    loaded: LoadedModel,
    prompts: Sequence[Encoded],
    use: Callable[[list[int], Tensor], None],
    watch: Watch | None,
) -> None:
    """``use``: places of the batch, (b, vocabulary) float32 log-probabilities of the next token."""

    def read(batch: list[int]) -> None:
        logits, _tokens = read_logits(loaded.model, [prompts[i] for i in batch])
        use(batch, logits.float().log_softmax(-1))

    vocabulary = loaded.model.get_output_embeddings().weight.shape[0]
    widths = [len(e.ids) for e in prompts]
    for_each_batch(Budget.on(loaded.model.device).batches(widths, [vocabulary] * len(prompts)), read, watch)
