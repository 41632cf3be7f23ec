"""What adapters of one edited model are scored on: the session's facts, text and protocol, prepared once."""

from dataclasses import dataclass, field
from threading import Event

from workbench.editing.control import Control
from workbench.editing.events import Progressed
from workbench.editing.texts import gather_texts
from workbench.evaluation import batching
from workbench.evaluation.encoded import EncodedFacts, encode_facts, encode_texts
from workbench.evaluation.evaluate import Baseline, evaluate, evaluate_unedited, read_baseline
from workbench.evaluation.scores import Scores
from workbench.exports.edited import EditedModel
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel
from workbench.models.progress import LoadProgressed, Progress, Watch
from workbench.session.ledger import scores_behind


@dataclass(frozen=True, slots=True)
class Yardstick:
    facts: EncodedFacts = field(repr=False)
    texts: tuple[Encoded, ...] = field(repr=False)
    baseline: Baseline = field(repr=False)
    unedited: Scores
    edited: Scores

    def scores_of(self, loaded: LoadedModel, stage: str, watch: Watch) -> Scores:
        """Raises Cancelled, OutOfMemory and NonFinite."""
        return evaluate(loaded, self.facts, self.baseline, self.texts, watch=_passes(watch, stage))[0]


def prepare_yardstick(
    edited: EditedModel, progress: Progress | None = None, cancel: Event | None = None
) -> Yardstick:
    """On the facts that are in the model. Scores that the session holds of this very state are taken from it.

    Raises InputError for facts that cannot be encoded, SessionError, Cancelled, OutOfMemory and NonFinite."""
    watch = Watch(progress, cancel)
    loaded, job = edited.loaded, edited.session.job(edited.run.id)
    facts = encode_facts(loaded, job.facts[: edited.facts], batching.Watch(cancel))
    behind = scores_behind(edited.session, edited.run)
    kept = {r.step: r.scores for r in behind if r.scores.facts == edited.facts}
    with edited.editor.model.unedited():
        given = gather_texts(loaded, job, edited.run.recipe, _Told(watch))
        texts = encode_texts(loaded, given.perplexity)
        counting = _passes(watch, "scoring the unedited model")
        if 0 in kept:
            unedited, baseline = kept[0], read_baseline(loaded, facts, texts, counting)
        else:
            unedited, _, baseline = evaluate_unedited(loaded, facts, texts, watch=counting)
    if edited.step in kept and edited.step:
        after = kept[edited.step]
    else:
        counting = _passes(watch, "scoring the edited model")
        after = evaluate(loaded, facts, baseline, texts, watch=counting)[0]
    return Yardstick(facts, texts, baseline, unedited, after)


def _passes(watch: Watch, stage: str) -> batching.Watch:
    def report(done: int, total: int) -> None:
        watch.report(stage, done, total, "passes")

    return batching.Watch(watch.cancel, report)


class _Told(Control):
    """A run's control that a cancel event stops."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(self._hear)
        self._watch = watch

    def is_set(self) -> bool:
        return self._watch.cancel is not None and self._watch.cancel.is_set()

    def _hear(self, event: Progressed) -> None:
        if self._watch.progress is not None:
            self._watch.progress(LoadProgressed(str(event.phase), event.done, event.total, event.unit))
