"""Keys and value gradients at answer and subject positions (method step 1). No weight gradient is ever formed."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workbench.editing.control import Control
from workbench.editing.items import Chunk
from workbench.errors import Cancelled, NonFinite, OutOfMemory
from workbench.evaluation.batching import is_out_of_memory
from workbench.models.caching import SHORTEST_PREFIX, beginning
from workbench.models.encoding import Encoded
from workbench.models.forward import answer_logits, length_batches
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, module_of

_SEVERAL = 4  # sequences that begin alike make batches of their own


@dataclass(frozen=True, slots=True)
class Traced:
    """One batch of F sequences with n positions in all, rows in their order. Float32, on the device."""

    keys: dict[str, Tensor]  # module name → (n, d_k)
    values: dict[str, Tensor]  # module name → (n, d_v): the loss gradients at the module's output
    losses: Tensor  # (F,) mean token loss of each, nats
    success: Tensor  # (F,) share of answer tokens that are the argmax
    facts: Tensor  # (n,) which sequence, once merged which fact, each row belongs to
    subject: Tensor | None = None  # (n,) bool: the subject's last token; None where no such row was recorded
    answer: Tensor | None = None  # (n,) bool: predicts a token of the answer; None for every row

    @property
    def rows(self) -> int:
        return len(self.facts)

    def of(self, chosen: Tensor) -> "Traced":
        """The facts that ``chosen`` (F,) marks, and their rows."""
        return self._rows(chosen[self.facts], chosen)

    def edited(self, at_subject: bool) -> "Traced":
        """The rows that a shift comes from: at the subject where a sequence has one, else at the answer."""
        if self.subject is None or self.answer is None:
            return self
        every = torch.ones(len(self.losses), dtype=torch.bool)
        if not at_subject:
            return self._rows(self.answer, every)
        has = torch.zeros(len(self.losses), dtype=torch.bool)
        has[self.facts[self.subject]] = True
        return self._rows(torch.where(has[self.facts], self.subject, self.answer), every)

    def _rows(self, rows: Tensor, chosen: Tensor) -> "Traced":
        """``rows`` (n,) and ``chosen`` (F,): bool, what is left."""
        left = rows.nonzero()[:, 0]  # a mask would make a GPU wait once a tensor

        def kept(of_modules: dict[str, Tensor]) -> dict[str, Tensor]:
            return {name: tensor[left.to(tensor.device)] for name, tensor in of_modules.items()}

        places = chosen.cumsum(0) - 1  # (F,)
        return Traced(
            kept(self.keys),
            kept(self.values),
            self.losses[chosen],
            self.success[chosen],
            places[self.facts[rows]],
            None if self.subject is None else self.subject[rows],
            None if self.answer is None else self.answer[rows],
        )

    def merged(self, chunk: Chunk) -> "Traced":
        """With the facts' own numbers in place of their sequences'."""
        return Traced(
            self.keys,
            self.values,
            chunk.of_facts(self.losses),
            chunk.of_facts(self.success),
            chunk.owner[self.facts],
            self.subject,
            self.answer,
        )

    @classmethod
    def nothing(cls, facts: int) -> "Traced":
        """Of a batch that was skipped: no rows, and no module that saw any."""
        unknown = torch.full((2, facts), float("nan"))
        return cls({}, {}, unknown[0].clone(), unknown[1].clone(), torch.empty(0, dtype=torch.long))


class _Recorder:
    """Hooks on the chosen modules that keep inputs and output gradients at the current positions.

    The lowest module's output becomes a leaf, so that the backward pass ends there."""

    def __init__(self, modules: dict[str, nn.Module]) -> None:
        self.keys: dict[str, list[Tensor]] = {name: [] for name in modules}
        self.values: dict[str, list[Tensor]] = {name: [] for name in modules}
        self.positions: Tensor | None = (
            None  # (n,) into the padded batch's B·T positions; None: nothing is kept
        )
        self._modules = modules
        self._thread = threading.get_ident()
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> "_Recorder":
        for name, module in self._modules.items():
            self._handles.append(module.register_forward_hook(self._hook(name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _hook(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def record(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            positions = self.positions
            if (
                positions is None or threading.get_ident() != self._thread
            ):  # somebody probes between minibatches
                return output
            self.keys[name].append(_at(inputs[0].detach(), positions))
            if not output.requires_grad:
                output = output.detach().requires_grad_()
            output.register_hook(lambda grad: self.values[name].append(_at(grad, positions)))
            return output

        return record


def _at(hidden: Tensor, positions: Tensor) -> Tensor:
    """(n, d) float32 of (B, T, d), or of the (B·T, d) that OPT's blocks flatten it to."""
    return hidden.reshape(-1, hidden.shape[-1])[positions].float()


def trace(
    loaded: LoadedModel,
    modules: Sequence[EditableModule],
    facts: Sequence[Encoded],
    names: Sequence[str],
    *,
    per_edit: bool,
    minibatch: int,
    control: Control,
    report: Callable[[int], None] = lambda _done: None,
    weights: Sequence[float] | None = None,
) -> Traced:
    """Forward and backward once over ``facts``. ``names`` are the prompts, for messages; ``weights``: of each one's
    loss in the sum (1).

    ``per_edit``: the loss is the sum over facts of each fact's mean token loss, which no minibatch size changes;
    otherwise it is the mean over the answer tokens of a minibatch, in the given order. ``report``: facts done.
    Raises Cancelled on stop, NonFinite, and OutOfMemory (with nothing recorded) for the caller to shrink
    the minibatch."""
    groups, done = _groups(facts, minibatch, per_edit), 0
    losses = torch.zeros(len(facts))
    success = torch.zeros(len(facts))
    with _Recorder({m.name: module_of(loaded.model, m) for m in modules}) as recorder, torch.enable_grad():
        for group in groups:
            if control.is_set():
                raise Cancelled("Stopped in the middle of a step; the step was not applied.")
            batch = [facts[i] for i in group]
            weight = torch.tensor([1.0 if weights is None else weights[i] for i in group])
            loss, hits = _one_minibatch(loaded, recorder, batch, per_edit, weight)
            losses[group], success[group] = loss, hits
            _require_finite(loss, [names[i] for i in group])
            done += len(group)
            report(done)
    traced = _in_order(recorder, groups, facts, losses, success)
    _require_finite_rows(traced, names)
    return traced


def _groups(facts: Sequence[Encoded], minibatch: int, per_edit: bool) -> list[list[int]]:
    """Where the order is free, facts that begin alike go together: what they share is read once."""
    if not per_edit:
        return [list(range(i, min(i + minibatch, len(facts)))) for i in range(0, len(facts), minibatch)]
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, fact in enumerate(facts):
        if fact.first >= SHORTEST_PREFIX:
            alike.setdefault(fact.ids[:SHORTEST_PREFIX], []).append(i)
    several = [places for places in alike.values() if len(places) >= _SEVERAL]
    rest = set(range(len(facts))).difference(*several)
    return [
        [places[k] for k in group]
        for places in (*several, sorted(rest))
        for group in length_batches([len(facts[i].ids) for i in places], minibatch)
    ]


def _one_minibatch(
    loaded: LoadedModel, recorder: _Recorder, batch: list[Encoded], per_edit: bool, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean token loss and token success of each fact of the minibatch, both (B,) on the CPU."""
    try:
        recorder.positions = None
        begun = beginning(loaded.model, batch)
        recorder.positions = _places(batch, 0 if begun is None else begun.length).to(loaded.device)
        logits, tokens, rows = answer_logits(loaded.model, batch, begun)
        logits = logits.float()  # (n, vocabulary)
        token_loss = cross_entropy(logits, tokens, reduction="none")  # (n,)
        tokens_of = torch.bincount(rows, minlength=len(batch)).float()  # (B,) answer tokens
        token_weight = weight.to(logits.device)[rows]  # (n,)
        total = (
            (token_weight * token_loss / tokens_of[rows]).sum()
            if per_edit
            else (token_weight * token_loss).mean()
        )
        total.backward()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise OutOfMemory("The device's memory ran out during a minibatch.") from error
        raise
    hits = (logits.detach().argmax(-1) == tokens).float()  # (n,)
    zeros = torch.zeros(len(batch), device=token_loss.device)
    return (
        (zeros.index_add(0, rows, token_loss.detach()) / tokens_of).cpu(),
        (zeros.index_add(0, rows, hits) / tokens_of).cpu(),
    )


def _require_finite(losses: Tensor, names: list[str]) -> None:
    for loss, name in zip(losses.tolist(), names, strict=True):
        if not torch.isfinite(torch.tensor(loss)):
            raise NonFinite(f"The loss of “{name}” is {loss}: the model may have collapsed.", fact=name)


def _require_finite_rows(traced: Traced, names: Sequence[str]) -> None:
    for rows in (traced.keys, traced.values):
        for module, tensor in rows.items():
            sound = torch.isfinite(tensor).all(1)
            if not sound.all():
                fact = names[int(traced.facts[int((~sound).nonzero()[0])])]
                raise NonFinite(
                    f"What {module} sees or gets back for “{fact}” is not finite; the step was not applied.",
                    fact=fact,
                    module=module,
                )


def _in_order(
    recorder: _Recorder, groups: list[list[int]], facts: Sequence[Encoded], losses: Tensor, success: Tensor
) -> Traced:
    """Rows put back into the order of the facts."""
    owners = torch.tensor([i for group in groups for i in group for _ in _columns(facts[i])])
    order = torch.argsort(owners, stable=True)

    def gather(parts: list[Tensor]) -> Tensor:
        return torch.cat(parts)[order.to(parts[0].device)]

    keys = {name: gather(parts) for name, parts in recorder.keys.items()}
    values = {name: gather(parts) for name, parts in recorder.values.items()}
    traced = Traced(keys, values, losses, success, owners[order])
    if all(fact.subject < 0 for fact in facts):
        return traced
    places = [(fact, column) for fact in facts for column in _columns(fact)]
    subject = torch.tensor([column == fact.subject for fact, column in places])
    return replace(
        traced, subject=subject, answer=torch.tensor([column >= fact.start for fact, column in places])
    )


def _places(batch: Sequence[Encoded], cached: int) -> Tensor:
    """(n,) of the rows' columns in the padded batch, of which the first ``cached`` columns are left out."""
    width = max(len(fact.ids) for fact in batch) - cached
    return torch.tensor([i * width + c - cached for i, fact in enumerate(batch) for c in _columns(fact)])


def _columns(fact: Encoded) -> list[int]:
    """Where rows are recorded: at the subject's last token where there is one, and where the answer is predicted."""
    answers = range(fact.start, fact.start + len(fact.answer))
    return [*answers] if fact.subject < 0 or fact.subject in answers else [fact.subject, *answers]
