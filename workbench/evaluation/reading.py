"""Teacher forcing: one forward pass per prompt and answer, read at the answer positions only."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from workbench.errors import NonFinite
from workbench.evaluation.batching import Budget, Watch, for_each_batch
from workbench.evaluation.scores import Floats
from workbench.models.caching import read_logits
from workbench.models.encoding import Encoded, shorten
from workbench.models.loaded import LoadedModel

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Readings:
    """Per item, (N,) each."""

    share: Floats = field(repr=False)  # of answer tokens that are the argmax
    log_prob: Floats = field(repr=False)  # of the whole answer, nats
    tokens: Ints = field(repr=False)  # in the answer
    first: Ints = field(repr=False)  # argmax after the prompt
    rival: Floats = field(repr=False)  # log-probability of the rival token after the prompt, NaN without one

    @property
    def exact(self) -> Floats:
        """1 where every answer token is the argmax."""
        return np.equal(self.share, 1).astype(np.float64)

    @property
    def mean_log_prob(self) -> Floats:
        """Per answer token, nats."""
        mean: Floats = self.log_prob / self.tokens
        return mean


def read_answers(
    loaded: LoadedModel, items: Sequence[Encoded], watch: Watch | None = None, rivals: Ints | None = None
) -> Readings:
    """``rivals`` (N,): one more token to read after each prompt, -1 for none.

    Raises Cancelled, OutOfMemory, and NonFinite naming a prompt whose logits are not numbers.
    """
    tokens = np.array([len(e.answer) for e in items], dtype=np.int64)
    count = len(items)
    rivals = np.full(count, -1, dtype=np.int64) if rivals is None else rivals
    found = Readings(
        np.zeros(count), np.zeros(count), tokens, np.zeros(count, dtype=np.int64), np.zeros(count)
    )

    def read(batch: list[int]) -> None:
        chosen = [items[i] for i in batch]
        starts = np.concatenate(([0], np.cumsum(tokens[batch])[:-1]))
        read_there = _at_answers(loaded, chosen, torch.from_numpy(starts), torch.from_numpy(rivals[batch]))
        hit, log_prob, best, rival = (x.cpu().numpy() for x in read_there)
        sums = np.add.reduceat(log_prob, starts)
        if not np.isfinite(sums).all():
            raise non_finite(loaded.tokenizer, chosen[int(np.argmin(np.isfinite(sums)))])
        found.share[batch] = np.add.reduceat(hit, starts) / tokens[batch]
        found.log_prob[batch] = sums
        found.first[batch] = best[starts]
        found.rival[batch] = np.where(rivals[batch] >= 0, rival, np.nan)

    vocabulary = loaded.model.get_output_embeddings().weight.shape[0]
    budget = Budget.on(loaded.model.device)
    batches = budget.batches([len(e.ids) for e in items], [len(e.answer) * vocabulary for e in items])
    for_each_batch(batches, read, watch)
    return found


@torch.inference_mode()
def _at_answers(
    loaded: LoadedModel, batch: Sequence[Encoded], starts: Tensor, rivals: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(1.0 where the answer token is the argmax, its log-probability in nats, the argmax), (n,) each;
    log-probability of the rivals (B,) at the ``starts`` (B,) of the answers, (B,)."""
    logits, answer = read_logits(loaded.model, batch)
    logits = logits.float()  # (n, vocabulary)
    best = logits.argmax(-1)
    total = logits.logsumexp(-1).double()
    log_prob = logits.gather(1, answer[:, None])[:, 0].double() - total
    starts, rivals = starts.to(logits.device), rivals.to(logits.device)
    rival = logits[starts, rivals].double() - total[starts]
    return (best == answer).double(), log_prob, best, rival


def non_finite(tokenizer: PreTrainedTokenizerBase, item: Encoded) -> NonFinite:
    prompt = str(tokenizer.decode(list(item.ids[: item.start + 1]), skip_special_tokens=True))
    return NonFinite(
        f"The model's output on {shorten(prompt)} is not a number: go back to an earlier step, "
        "or take a smaller step size.",
        fact=prompt,
    )
