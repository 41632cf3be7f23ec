"""Sentences to put in front of a fact's prompt, so that its value does not depend on what stands before it."""

import torch
from torch import Tensor

from workbench.evaluation.answers import decode
from workbench.evaluation.batching import Watch
from workbench.evaluation.generation import Stop, generate
from workbench.evaluation.sampling import draw
from workbench.models.encoding import encode_prompt
from workbench.models.loaded import LoadedModel

OPENINGS = ("The", "Therefore", "Because", "I", "You")
LENGTH = 10  # tokens with the opening and what begins a text
_BEST = 5  # tokens that one is drawn from


def sample_contexts(
    loaded: LoadedModel, count: int = 5, seed: int = 0, watch: Watch | None = None
) -> tuple[str, ...]:
    """``count`` of them, the openings in turn, each with ". " behind it; the same seed gives the same.

    ``loaded`` must not be edited yet. Raises Cancelled."""
    openings = [OPENINGS[i % len(OPENINGS)] for i in range(count)]
    prompts = [_begun(loaded, opening) for opening in openings]
    draws = torch.rand(count, LENGTH, generator=torch.Generator().manual_seed(seed))
    special = torch.tensor(sorted(loaded.tokenizer.all_special_ids), device=loaded.device, dtype=torch.long)

    def pick(logits: Tensor, rows: list[int], step: int) -> Tensor:
        best, tokens = logits.index_fill(1, special[special < logits.shape[1]], -torch.inf).topk(_BEST)
        chosen = draw(best, draws[rows, step].to(best.device))  # (b,)
        return tokens.gather(1, chosen[:, None])[:, 0]

    limits = [max(1, LENGTH - len(ids)) for ids in prompts]
    written = generate(loaded, prompts, Stop(limits), pick, watch)
    texts = [decode(loaded.tokenizer, [*begun, *ids]) for begun, ids in zip(prompts, written, strict=True)]
    return tuple(f"{' '.join(text.split()).rstrip('.')}. " for text in texts)


def _begun(loaded: LoadedModel, opening: str) -> tuple[int, ...]:
    """With the token that begins a text, where there is one, also if the tokenizer does not add it by itself."""
    ids, begin = encode_prompt(loaded.tokenizer, opening), loaded.tokenizer.bos_token_id
    return ids if begin is None or ids[0] == begin else (begin, *ids)
