"""One prompt at a time, for a person who looks: likeliest next tokens, and text as it is written."""

from collections.abc import Iterator

import torch
from transformers import Cache

from workbench.evaluation.answers import decode
from workbench.evaluation.batching import Cancel, Watch
from workbench.evaluation.encoded import asked_ids
from workbench.evaluation.generation import end_tokens
from workbench.evaluation.manner import PLAIN, Manner
from workbench.evaluation.reading import non_finite
from workbench.evaluation.sampling import draw
from workbench.models.caching import next_logits
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

_UNFINISHED = "\ufffd"  # what the bytes of half a character decode to


def next_tokens(
    loaded: LoadedModel, prompt: str, k: int = 10, manner: Manner = PLAIN
) -> tuple[tuple[str, float], ...]:
    """The k likeliest next tokens, likeliest first: (text, probability). Raises InputError and NonFinite."""
    ids = asked_ids(loaded, prompt, manner)
    probabilities = _next(loaded, ids, None)[0].softmax(-1)
    best = probabilities.topk(min(k, len(probabilities)))
    before = str(loaded.tokenizer.decode(list(ids)))
    after = [str(loaded.tokenizer.decode([*ids, token])) for token in best.indices.tolist()]
    texts = [text[len(before) :] if text.startswith(before) else text for text in after]
    return tuple(zip(texts, best.values.tolist(), strict=True))


def stream(
    loaded: LoadedModel, prompt: str, manner: Manner = PLAIN, cancel: Cancel | None = None
) -> Iterator[str]:
    """Pieces of the continuation, in whole characters. Raises InputError, NonFinite, Cancelled."""
    ids = asked_ids(loaded, prompt, manner)
    watch, ends = Watch(cancel), end_tokens(loaded)
    generator = torch.Generator().manual_seed(manner.seed)
    written: list[int] = []
    shown, cache, new = 0, None, ids
    for _ in range(min(manner.length, loaded.window - len(ids))):
        watch.check()
        logits, cache = _next(loaded, new, cache)
        new = (_picked(logits, manner.temperature, generator),)
        if new[0] in ends:
            break
        written += new
        text = decode(loaded.tokenizer, written)
        if len(text) > shown and not text.endswith(_UNFINISHED):
            yield text[shown:]
            shown = len(text)
    if rest := decode(loaded.tokenizer, written)[shown:]:
        yield rest


def _picked(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> int:
    """``logits`` (vocabulary,)."""
    if not temperature:
        return int(logits.argmax())
    uniform = torch.rand(1, generator=generator).to(logits.device)
    return int(draw(logits.float()[None] / temperature, uniform)[0])


@torch.inference_mode()
def _next(loaded: LoadedModel, ids: tuple[int, ...], cache: Cache | None) -> tuple[torch.Tensor, Cache]:
    """Logits (vocabulary,) after the new ids, and the cache that holds them."""
    logits, cache = next_logits(loaded.model, torch.tensor([ids], device=loaded.model.device), cache)
    if not torch.isfinite(logits.amax()):
        raise non_finite(loaded.tokenizer, Encoded(ids, (), len(ids) - 1))
    return logits[0], cache
