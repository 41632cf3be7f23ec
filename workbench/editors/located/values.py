"""The value search: what should stand at the lookup so that the model answers with the target, of all facts at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from workbench.editing.control import Control
from workbench.editors.located.facts import LocatedFact
from workbench.editors.located.reading import at_output, block_of, places, rows_at
from workbench.editors.located.settings import ValueSettings
from workbench.errors import NonFinite
from workbench.evaluation.batching import Budget, Watch, for_each_batch
from workbench.models.encoding import Encoded
from workbench.models.forward import answer_logits
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, module_of
from workbench.models.prefix import SharedPrefix

TINY = 1e-30  # in place of a norm of zero


@dataclass(frozen=True, slots=True)
class Values:
    """Of F facts, float32 at least, on the model's device."""

    before: Tensor  # (F, d) z₀, what stood at the lookup in the bare prompt
    delta: Tensor  # (F, d) δ
    losses: Tensor  # (F,) with δ, all terms, nats
    moves: Tensor  # (F,) how often δ was moved; less than steps - 1 where the loss was low enough

    @property
    def wanted(self) -> Tensor:
        """(F, d) z = z₀ + δ."""
        return self.before + self.delta


def search_values(
    loaded: LoadedModel,
    module: EditableModule,
    facts: Sequence[LocatedFact],
    settings: ValueSettings,
    control: Control,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    of_block: bool,
) -> Values:
    """δ is added to the output of the module's block (MEMIT, AlphaEdit) or of the module itself (ROME). Every fact has
    its own stop and clamp, so that its value does not depend on the others'. ``progress``: rounds done.

    Raises Cancelled between batches, NonFinite with the fact's prompt, and OutOfMemory."""
    search = _Search(loaded, module, facts, settings, control, of_block)
    with SharedPrefix(loaded, [module]).edited():
        for number in range(settings.steps):
            search.round(last=number == settings.steps - 1)
            progress(number + 1, settings.steps)
            if not search.active.any():
                break
    progress(settings.steps, settings.steps)
    return Values(search.before, search.delta, search.losses, search.moves)


@dataclass(frozen=True, slots=True)
class _Row:
    """One sequence of the search."""

    fact: int
    sequence: Encoded
    kind: str  # "bare", "context", "essence"
    weight: float  # of its mean token loss; the essence's: of its divergence


def _rows_of(number: int, fact: LocatedFact, divergence: float) -> Iterator[_Row]:
    for k, sequence in enumerate(fact.sequences):
        yield _Row(number, sequence, "context" if k else "bare", 1 / len(fact.sequences))
    if fact.essence is not None and divergence > 0:
        yield _Row(number, fact.essence, "essence", divergence)


class _Search:
    """F facts between two rounds."""

    def __init__(
        self,
        loaded: LoadedModel,
        module: EditableModule,
        facts: Sequence[LocatedFact],
        settings: ValueSettings,
        control: Control,
        of_block: bool,
    ) -> None:
        self._loaded, self._facts, self._settings = loaded, facts, settings
        self._place = block_of(loaded, module) if of_block else module_of(loaded.model, module)
        self._rows = [row for i, fact in enumerate(facts) for row in _rows_of(i, fact, settings.divergence)]
        self._watch = Watch(control, halved=self._shrink)
        self._budget = _room(loaded.device)
        dtype = torch.promote_types(loaded.dtype, torch.float32)
        self.before = torch.zeros(len(facts), module.d_out, dtype=dtype, device=loaded.device)
        self.delta = torch.zeros_like(self.before)
        self.losses = self.before.new_full((len(facts),), torch.nan)
        self.moves = torch.zeros(len(facts), dtype=torch.long, device=loaded.device)
        self.active = torch.ones(len(facts), dtype=torch.bool, device=loaded.device)
        self._said: dict[int, Tensor] = {}  # fact → (vocabulary,) log p behind its essence, before
        self._each = [self.delta[i] for i in range(len(facts))]  # views
        self._adam = torch.optim.Adam(self._each, lr=settings.rate)

    def round(self, last: bool) -> None:
        """The loss of every active fact; those that it is low enough for end here, the others move unless ``last``."""
        losses, gradient = torch.zeros_like(self.losses), torch.zeros_like(self.delta)
        active = self.active.tolist()
        rows = [row for row in self._rows if active[row.fact]]

        def work(batch: list[int]) -> None:
            owner, of_rows, more = self._batch([rows[i] for i in batch], last)
            losses.index_add_(0, owner, of_rows)
            gradient.add_(more)

        vocabulary = self._loaded.model.get_output_embeddings().weight.shape[0]
        widths = [len(row.sequence.ids) for row in rows]
        logits = [len(row.sequence.answer) * vocabulary for row in rows]
        for_each_batch(self._budget.batches(widths, logits), work, self._watch)
        size = self.delta.norm(dim=1)
        scale = self._settings.decay / self.before.norm(dim=1).square().clamp(min=TINY)
        losses += scale * size  # ω‖δ‖/‖z₀‖², as published
        self._require_finite(losses)
        self.losses = torch.where(self.active, losses, self.losses)
        self.active &= losses >= self._settings.enough
        if not last:
            self._move(gradient + scale[:, None] * (self.delta / size.clamp(min=TINY)[:, None]))

    def _batch(self, rows: list[_Row], last: bool) -> tuple[Tensor, Tensor, Tensor | float]:
        """(fact (B,), loss (B,), gradient (F, d)) of sequences; what stood there before is kept on the way."""
        device = self._loaded.device
        sequences = [row.sequence for row in rows]
        whole = partial(torch.tensor, dtype=torch.long, device=device)
        owner, at = whole([row.fact for row in rows]), places(sequences, device)
        bare = whole([k for k, row in enumerate(rows) if row.kind == "bare"])
        delta = self.delta.clone().requires_grad_(not last)

        def add(hidden: Tensor) -> Tensor:
            self.before.index_copy_(0, owner[bare], rows_at(hidden.detach(), at[bare]))
            flat = hidden.reshape(-1, hidden.shape[-1])
            return flat.index_add(0, at, delta[owner].to(hidden.dtype)).view_as(hidden)

        with at_output(self._place, add), torch.set_grad_enabled(not last):
            logits, tokens, of = answer_logits(self._loaded.model, sequences)
            losses = self._losses(rows, logits.to(delta.dtype), tokens, of)
        gradient = 0.0 if last else torch.autograd.grad(losses.sum(), delta)[0]
        return owner, losses.detach(), gradient

    def _losses(self, rows: list[_Row], logits: Tensor, tokens: Tensor, of: Tensor) -> Tensor:
        """(B,) weighted; ``logits`` (n, vocabulary), ``tokens`` (n,), and ``of`` (n,) the row of each."""
        means = logits.new_zeros(len(rows)).index_add(0, of, cross_entropy(logits, tokens, reduction="none"))
        means = means / torch.bincount(of, minlength=len(rows))
        essences = [k for k, row in enumerate(rows) if row.kind == "essence"]
        if essences:
            first = torch.searchsorted(of, torch.tensor(essences, device=of.device))  # each has one token
            now = logits[first].log_softmax(-1)
            for k, said in zip(essences, now.detach(), strict=True):
                self._said.setdefault(rows[k].fact, said)
            before = torch.stack([self._said[rows[k].fact] for k in essences])
            apart = (now.exp() * (now - before)).sum(-1)  # KL(now ‖ before), as published
            means = means.index_copy(0, torch.tensor(essences, device=of.device), apart)
        return means * torch.tensor([row.weight for row in rows], dtype=means.dtype, device=means.device)

    def _move(self, gradient: Tensor) -> None:
        """Adam's step of the active facts, and the clamp, which leaves its moments alone."""
        for each, own, active in zip(self._each, gradient, self.active.tolist(), strict=True):
            each.grad = own if active else None
        self._adam.step()
        most = self._settings.clamp * self.before.norm(dim=1)
        factor = (most / self.delta.norm(dim=1).clamp(min=TINY)).clamp(max=1)
        self.delta *= torch.where(self.active, factor, 1)[:, None]
        self.moves += self.active

    def _shrink(self, _rows: int) -> None:
        """Memory ran out: later rounds begin with smaller batches."""
        self._budget = Budget(max(1, self._budget.tokens // 2), max(1, self._budget.logits // 2))

    def _require_finite(self, losses: Tensor) -> None:
        for fact, finite in zip(self._facts, torch.isfinite(losses).tolist(), strict=True):
            if not finite:
                raise NonFinite(
                    f"The loss of “{fact.prompt}” is not finite while its value is searched: lower the search rate.",
                    fact=fact.prompt,
                )


def _room(device: torch.device) -> Budget:
    """Of a batch whose activations are kept for the way back."""
    whole = Budget.on(device)
    return whole if device.type == "cpu" else Budget(whole.tokens // 4, whole.logits // 4)
