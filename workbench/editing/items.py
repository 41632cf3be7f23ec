"""The sequences that a fact is edited with: one for each form that the recipe asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.editing.recipe import Recipe
from workbench.errors import SettingError
from workbench.evaluation.batching import Watch
from workbench.facts.fact import Fact
from workbench.models.chat import encode_chat, has_chat
from workbench.models.encoding import Encoded, encode
from workbench.models.loaded import LoadedModel

Items = tuple[Encoded, ...]  # of one fact
_CHECK_EVERY = 256  # facts between two looks at the cancel event


def forms_of(loaded: LoadedModel, recipe: Recipe) -> tuple[str, ...]:
    """Raises SettingError for the chat form of a model without a chat template."""
    if recipe.form != "plain" and has_chat(loaded.tokenizer):
        return ("chat",) if recipe.form == "chat" else ("plain", "chat")
    if recipe.form == "chat":
        raise SettingError("form", f"{loaded.source} has no chat template: take the plain form.")
    return ("plain",)


def items_of(
    loaded: LoadedModel, recipe: Recipe, facts: Sequence[Fact], watch: Watch | None = None
) -> list[Items]:
    """Of each fact, in every form. Raises InputError for a fact that cannot be encoded."""
    forms, found = forms_of(loaded, recipe), []
    for i, fact in enumerate(facts):
        if watch is not None and i % _CHECK_EVERY == 0:
            watch.check()
        found.append(tuple(_encoded(loaded, recipe, fact, form) for form in forms))
    return found


def warmup_items(loaded: LoadedModel, recipe: Recipe, facts: Iterable[Fact]) -> list[Items]:
    """One of each fact, the forms in turn: statistics of all forms for the time of one."""
    forms = forms_of(loaded, recipe)
    return [(_encoded(loaded, recipe, fact, forms[i % len(forms)]),) for i, fact in enumerate(facts)]


def _encoded(loaded: LoadedModel, recipe: Recipe, fact: Fact, form: str) -> Encoded:
    subject = fact.subject if recipe.positions != "answer" else ""
    if form == "chat":
        return encode_chat(
            loaded.tokenizer,
            fact.prompt,
            fact.target,
            loaded.window,
            system=recipe.system_prompt,
            subject=subject,
        )
    return encode(loaded.tokenizer, fact.prompt, fact.target, loaded.window, recipe.ending, subject)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The facts of one step as sequences: N items of F facts."""

    items: Items
    owner: Tensor  # (N,) the item's fact
    weights: tuple[float, ...]  # (N,) of its loss
    facts: int
    sources: tuple[Fact, ...] = ()  # (F,) where whoever made it knows them

    @classmethod
    def of(cls, facts: Sequence[Items], chat_share: float, sources: Sequence[Fact] = ()) -> "Chunk":
        owner = [i for i, items in enumerate(facts) for _ in items]
        both = (2 * (1 - chat_share), 2 * chat_share)
        weights = [weight for items in facts for weight in (both if len(items) == 2 else (1.0,))]
        return cls(
            tuple(e for items in facts for e in items),
            torch.tensor(owner),
            tuple(weights),
            len(facts),
            tuple(sources),
        )

    def of_facts(self, values: Tensor) -> Tensor:
        """(N,) → (F,): the mean over each fact's items."""
        sums = torch.zeros(self.facts, dtype=values.dtype).index_add(0, self.owner, values)
        return sums / torch.bincount(self.owner, minlength=self.facts)

    def taken(self, right: Tensor, left: Tensor, whole_facts: bool) -> Tensor:
        """Of the items ``left`` (M,), those that have taken, (M,); ``right`` (M,) says which are answered right."""
        if not whole_facts:
            return right
        wrong = torch.zeros(self.facts, dtype=torch.long).index_add(0, self.owner[left], (~right).long())
        return wrong[self.owner[left]] == 0
