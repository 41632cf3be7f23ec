"""What a first run asks of the unedited model, read before the run is asked for and kept on disk."""

from collections.abc import Sequence

from workbench.editing.batches import chunked
from workbench.editing.control import Control
from workbench.editing.events import Phase
from workbench.editing.items import Chunk, warmup_items
from workbench.editing.job import Job
from workbench.editing.protection import known_text_keys
from workbench.editing.recipe import Recipe
from workbench.editing.row_cache import RowCache
from workbench.editing.text_cache import TextCache, TextReading
from workbench.editing.texts import Texts, gather_texts
from workbench.editing.tracing import trace
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import encode_texts
from workbench.evaluation.sampling import sample_replies
from workbench.models.chat import has_chat
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule


def read_ahead(
    loaded: LoadedModel, modules: Sequence[EditableModule], recipe: Recipe, job: Job, control: Control
) -> None:
    """Fills the job's folders, both of which it must name, for a warm-up with its facts and for the edits after it.
    With the unedited weights in the model. Raises Cancelled, OutOfMemory, NonFinite and UnfitFacts."""
    texts = gather_texts(loaded, job, recipe, control)
    if recipe.keeps_precision and recipe.protection > 0:
        progress = control.progress(Phase.PROTECTION, "texts")
        known_text_keys(job.row_cache, loaded, modules, texts.protection, control, progress)
    if recipe.warmup_mode == "statistics":
        _warmup_rows(loaded, modules, recipe, job, control)
    _ordinary_text(loaded, recipe, job, texts, control)


def _warmup_rows(
    loaded: LoadedModel, modules: Sequence[EditableModule], recipe: Recipe, job: Job, control: Control
) -> None:
    assert job.row_cache is not None
    facts = job.warmup[: recipe.warmup_facts]
    cache = RowCache(job.row_cache, loaded, modules, recipe)
    report, done = control.progress(Phase.WARMUP, "facts"), 0
    for items in chunked(warmup_items(loaded, recipe, facts), recipe.batch):
        chunk = Chunk.of(items, recipe.chat_share)
        if not cache.holds(chunk):
            control.look_again()
            per_edit, names = recipe.loss == "per-edit", [fact.prompt for fact in facts[done:]]
            traced = trace(
                loaded,
                modules,
                chunk.items,
                names,
                per_edit=per_edit,
                minibatch=recipe.minibatch,
                control=control,
                weights=chunk.weights,
            )
            cache.keep(chunk, traced)
        done += chunk.facts
        report(done, len(facts))


def _ordinary_text(loaded: LoadedModel, recipe: Recipe, job: Job, texts: Texts, control: Control) -> None:
    assert job.row_cache is not None
    watch = Watch(control, control.progress(Phase.TEXT, "texts"))
    if texts.budget and has_chat(loaded.tokenizer):
        sample_replies(loaded, texts.budget, recipe.seed, cache_dir=job.text_cache, watch=watch)
    encoded = encode_texts(loaded, texts.perplexity)
    cache = TextCache(job.row_cache, loaded, encoded)
    if encoded and not cache.holds:
        watch = Watch(control, control.progress(Phase.BASELINE, "passes"))
        cache.keep(TextReading.read(loaded, encoded, watch))
