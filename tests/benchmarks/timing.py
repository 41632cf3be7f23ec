"""Seconds of a piece of work on whichever device, and what an editing step is measured against."""

import time
from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from workbench.models.encoding import Encoded
from workbench.models.forward import answer_logits, length_batches
from workbench.models.modules import EditableModule, module_of


def seconds_of(work: Callable[[], object]) -> float:
    _wait()
    began = time.perf_counter()
    work()
    _wait()
    return time.perf_counter() - began


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def bare_pass(
    model: PreTrainedModel, lowest: EditableModule, facts: Sequence[Encoded], minibatch: int
) -> None:
    """Forward and backward once: same minibatches, logits at answer positions, stopping at the lowest module."""
    handle = module_of(model, lowest).register_forward_hook(
        lambda _m, _i, output: output.detach().requires_grad_()
    )
    with torch.enable_grad():
        for group in length_batches([len(f.ids) for f in facts], minibatch):
            logits, tokens, _rows = answer_logits(model, [facts[i] for i in group])
            cross_entropy(logits.float(), tokens, reduction="sum").backward()
    handle.remove()
