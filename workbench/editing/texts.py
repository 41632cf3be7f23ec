"""Ordinary text for key protection and for perplexity: given by the person, else written by the unedited model."""

from dataclasses import dataclass

from workbench.editing.control import Control
from workbench.editing.events import Phase
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.evaluation.batching import Watch
from workbench.evaluation.sampling import sample_texts
from workbench.evaluation.texts import split_texts
from workbench.models.loaded import LoadedModel

SAMPLED_TEXTS = 200  # half of them for C₀, about 6,300 keys a module; half for the budget and perplexity
BUDGET_TEXTS = 12  # about 750 tokens, and 380 of replies


@dataclass(frozen=True, slots=True)
class Texts:
    """Disjoint where they were sampled: neither the budget nor perplexity is measured on what C₀ has seen."""

    protection: tuple[str, ...]
    perplexity: tuple[str, ...]
    budget: tuple[str, ...] = ()  # empty without a budget


def gather_texts(
    loaded: LoadedModel, job: Job, recipe: Recipe, control: Control, count: int = SAMPLED_TEXTS
) -> Texts:
    """Call it with the unedited weights in the model; samples only what nobody supplied, ``count``
    texts."""
    needs_protection = recipe.reads_text and job.ordinary_text is None
    sampled: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    if needs_protection or job.perplexity_text is None or recipe.budget:
        watch = Watch(control, control.progress(Phase.TEXT, "texts"))
        texts = sample_texts(loaded, recipe.seed, count, cache_dir=job.text_cache, watch=watch)
        sampled = split_texts(texts)
    unseen, shared = sampled[1], job.perplexity_text is None
    for_budget = min(BUDGET_TEXTS, len(unseen) // 2 if shared else len(unseen)) if recipe.budget else 0
    return Texts(
        sampled[0] if job.ordinary_text is None else job.ordinary_text,
        unseen[for_budget:] if job.perplexity_text is None else job.perplexity_text,
        unseen[:for_budget],
    )
