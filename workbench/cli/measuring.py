"""What ``evaluate`` reads of one model after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.cli.fitting import fitting
from workbench.cli.progress import ProgressLine
from workbench.cli.scoring_options import Chosen
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import encode_facts, encode_texts
from workbench.evaluation.evaluate import Baseline, evaluate, evaluate_unedited
from workbench.evaluation.further import Further, measure_further, shares
from workbench.evaluation.harness import Tasks, run_tasks
from workbench.evaluation.judging import PROMPT, Judge, Verdict, measured
from workbench.evaluation.scores import Scores
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one model."""

    name: str
    facts: int
    scores: Scores | None = None  # None without facts
    further: Mapping[str, Further] = field(default_factory=dict)
    judge: Judge | None = None
    verdicts: tuple[Verdict, ...] = ()
    tasks: Tasks | None = None  # None where no task was asked for

    def as_dict(self) -> dict[str, Any]:
        scores = asdict(self.scores) if self.scores else {}
        tasks = {} if self.tasks is None else {"harness": self.tasks}
        return scores | shares(self.further) | tasks


@dataclass(slots=True)
class Measuring:
    line: ProgressLine
    facts: Sequence[Fact]
    texts: Sequence[str]
    chosen: Chosen
    judge: Judge | None
    tasks: list[Any] | None
    tasks_limit: int | None
    system: str = ""  # in front of every message
    fitted: bool = False
    _baseline: Baseline | None = None

    def fit(self, loaded: LoadedModel, skip: bool) -> None:
        """Facts that this model cannot take are refused, or left out of all that follows."""
        if self.facts:
            self.facts, _ = fitting(loaded, self.facts, skip, self.line)
        self.fitted = True

    def measure(self, loaded: LoadedModel, edited: bool, name: str) -> Measured:
        scores = None
        further: dict[str, Further] = {}
        verdicts: tuple[Verdict, ...] = ()
        if self.facts:
            scores = self._scores(loaded, edited, name)
            watch = self._watch(f"Asking {name} further", "questions")
            further = measure_further(loaded, self.facts, self.chosen.further, watch, self.system)
            if self.judge is not None:
                watch = self._watch(f"Judging {name}", "answers and verdicts")
                of_judge, verdicts = measured(loaded, self.facts, self.judge, watch, self.system)
                further |= of_judge
        self.line.close()
        tasks = run_tasks(loaded, self.tasks, self.tasks_limit) if self.tasks else None
        return Measured(name, len(self.facts), scores, further, self.judge, verdicts, tasks)

    def _scores(self, loaded: LoadedModel, edited: bool, name: str) -> Scores:
        """The unedited model's first: locality kept is measured against it."""
        facts, texts = encode_facts(loaded, self.facts, system=self.system), encode_texts(loaded, self.texts)
        watch, which = self._watch(f"Scoring {name}", "passes"), self.chosen.usual
        if edited:
            return evaluate(loaded, facts, self._baseline, texts, which, watch)[0]
        scores, _, self._baseline = evaluate_unedited(loaded, facts, texts, which, watch)
        return scores

    def _watch(self, title: str, unit: str) -> Watch:
        return Watch(progress=lambda done, total: self.line.update(title, done, total, unit))


def judge_in_json(before: Measured | None, after: Measured) -> dict[str, Any] | None:
    """Who judged, what it was asked, and every verdict."""
    if after.judge is None:
        return None
    verdicts = {when: of.verdicts for when, of in (("before", before), ("after", after)) if of}
    return {
        "url": after.judge.url,
        "model": after.judge.model,
        "prompt": PROMPT,
        "verdicts": {when: [asdict(verdict) for verdict in found] for when, found in verdicts.items()},
    }
