"""The search for settings, as a generator of events: split, traces, candidates, search, held-out facts."""

import logging
import math
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.trial import TrialState, create_trial

from workbench.editing.control import Control
from workbench.editing.events import Phase
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.texts import SAMPLED_TEXTS, gather_texts
from workbench.errors import Cancelled
from workbench.evaluation.batching import Watch
from workbench.evaluation.sampling import are_at_hand
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.memory import free_memory
from workbench.models.modules import EditableModule, select
from workbench.storage.log_file import take_over_libraries
from workbench.studies.calibration import Calibration, CalibrationSettings, Candidate, HeldOut, Point
from workbench.studies.candidates import alike
from workbench.studies.events import (
    CalibrationBegan,
    CalibrationEnded,
    CalibrationEvent,
    CalibrationPlanned,
    HoldingOut,
    PointMeasured,
)
from workbench.studies.front import best, front, hypervolume
from workbench.studies.pace import SEARCH_TEXTS, Pace, Plan, in_words
from workbench.studies.space import Space
from workbench.studies.split import split_facts
from workbench.studies.study_run import Yardstick
from workbench.studies.traces import Traces
from workbench.studies.trials import HELD_OUT_SCORES, SEARCH_SCORES, Measured, Trials

_log = logging.getLogger(__name__)
_SEARCHED = 0.85  # of the budget at most; the rest is for the held-out facts
_READY = 0.5  # of the budget at most, until the statistics are read
_HELD_OUT = 1.3  # of what measuring the point to take took: what its held-out facts are left
_RANDOM = 12  # trials before the sampler learns from them
_BORROWED = (
    "No warm-up fact has a locality probe: locality is read on the prompts of facts that are not edited."
)
_ONE_STEP = (
    "The facts to edit fit into one step, in which edit memory has no effect: {more} would make it two."
)
_SHORT = "The time is short for this computer: {edits:,} of {all_edits:,} facts are edited in every trial."
_TOO_SHORT = (
    "Your settings take about {seconds} to measure here, longer than the time of {budget}; they are measured all the "
    "same."
)
_SHORT_BUDGET, _FEW_TEXTS = 300, 60  # seconds; half of these texts is for C₀, and some are for the budget
_ROWS_PER_FACT = 4  # answer tokens, for the estimate of memory


class _Until(Control):
    """The person's control, and a point in time after which it says stop."""

    def __init__(self, control: Control, deadline: float) -> None:
        super().__init__()
        self._control, self._deadline, self.look = control, deadline, control.look

    def is_set(self) -> bool:
        return self._control.is_set() or time.monotonic() > self._deadline


class Calibrator:
    """``loaded`` must be unedited, and is again whenever no event is being made."""

    def __init__(
        self,
        loaded: LoadedModel,
        facts: Sequence[Fact],
        start: Recipe,
        settings: CalibrationSettings,
        control: Control | None = None,
        *,
        candidates: Sequence[Candidate] = (),
        avoid: Sequence[Fact] = (),
        grid: bool = False,
        ordinary_text: tuple[str, ...] | None = None,
        perplexity_text: tuple[str, ...] | None = None,
        text_cache: Path | None = None,
    ) -> None:
        """``facts``: the warm-up facts; ``avoid``: those to be edited, which no part may hold; ``start``: what is
        searched around, with its modules. Raises InputError for too few facts."""
        self.loaded, self.settings, self.grid = loaded, settings, grid
        self.control = control or Control()
        self.split = split_facts(facts, start.batch, settings.seed, avoid)
        self.space = _space(loaded, start, len(facts))
        self.candidates = tuple(sorted(candidates, key=lambda c: not alike(c.recipe, start)))
        self._job = Job((), (), ordinary_text, perplexity_text, text_cache)
        self._points: list[Point] = []
        self._held_out: list[HeldOut] = []
        self._notes: list[str] = []
        self._needed = 0  # facts for the statistics, at least
        self._began = time.monotonic()
        self._deadline = math.inf if grid else self._began + 60 * settings.minutes

    @property
    def measured(self) -> int:
        """Points so far."""
        return len(self._points)

    @property
    def note(self) -> str:
        """What a person has to know of the facts at hand; empty where there is nothing."""
        one_step = len(self.split.edits) <= self.space.start.batch
        more = "a longer budget" if self._notes else "more warm-up facts"
        said = [(self.split.borrowed_probes, _BORROWED), (one_step, _ONE_STEP.format(more=more))]
        return " ".join([*self._notes, *(sentence for holds, sentence in said if holds)])

    def events(self) -> Iterator[CalibrationEvent]:
        """Ends with CalibrationEnded, also where it was stopped: what was measured until then is in it.

        Raises Cancelled where it was stopped before the first measurement."""
        stopped = False
        try:
            yield self._planned()
            yield self._prepare()
            yield from self._measure_candidates()
            yield from self._search_grid() if self.grid else self._search()
            if self._points:
                yield HoldingOut(len(self.split.held_out))
            self._hold_out()
        except Cancelled:
            stopped = True
            if not self._points:
                raise
        yield CalibrationEnded(self._result(stopped))

    def _planned(self) -> CalibrationPlanned:
        """Texts, and how many of them and of the facts there is time for."""
        start, whole = self.space.start, self.split
        protecting = start.with_(protection=max(start.protection, 1.0), seed=self.settings.seed)
        self._texts = gather_texts(self.loaded, self._job, protecting, self.control, self._sampled())
        modules = _with_candidates(self.space, self.candidates)
        pace = Pace.measured(self.loaded, modules, whole.statistics, start, self.control)
        self._needed = pace.statistics
        left = self._deadline - time.monotonic()
        plan = Plan.within(left, pace, whole, self._texts, start)
        self.split, self._texts = plan.split, plan.texts
        if len(plan.split.edits) < len(whole.edits):
            self._notes.append(_SHORT.format(edits=len(plan.split.edits), all_edits=len(whole.edits)))
        if plan.seconds > left:
            budget = in_words(60 * self.settings.minutes)
            self._notes.append(_TOO_SHORT.format(seconds=in_words(plan.seconds), budget=budget))
        note = f"About {in_words(plan.seconds)} until the first point. {self.note}".strip()
        return CalibrationPlanned(self.split.counts(), plan.seconds, note)

    def _sampled(self) -> int:
        """How many texts the model is to write: few where that would take much of a short budget."""
        seed, cache = self.settings.seed, self._job.text_cache
        short = self._deadline - self._began < _SHORT_BUDGET
        if short and not are_at_hand(self.loaded, seed, SAMPLED_TEXTS, cache_dir=cache):
            return _FEW_TEXTS
        return SAMPLED_TEXTS

    def _prepare(self) -> CalibrationBegan:
        """The unedited model's scores, and all traces."""
        control, start = self.control, self.space.start
        watch = Watch(control, control.progress(Phase.BASELINE, "passes"))
        texts = self._texts.perplexity[:SEARCH_TEXTS]
        yardstick = Yardstick.read(self.loaded, self.split.edits, texts, watch, SEARCH_SCORES)
        traces = self._traces(self.split.edits)
        traces.warmups(start, control, control.progress(Phase.WARMUP, "facts"), self._enough)
        self.split = replace(self.split, statistics=traces.warmup)
        traces.text_keys(control, control.progress(Phase.PROTECTION, "texts"))
        self._trials = Trials(traces, yardstick)
        self._total = len(self.candidates) + sum(1 for _ in self.space.grid()) if self.grid else 0
        return CalibrationBegan(
            split=self.split.counts(),
            layers=len(self.space.modules),
            trials=self._total or len(self.candidates),
            unedited_success=yardstick.unedited.es,
            unedited_perplexity=yardstick.unedited.perplexity,
            note=self.note,
        )

    def _traces(self, facts: Sequence[Fact]) -> Traces:
        """A quarter of what memory is free goes to decompositions and inverses."""
        room = free_memory(self.loaded.device) // 4
        return Traces(
            self.loaded,
            _with_candidates(self.space, self.candidates),
            self.split.statistics,
            facts,
            self._texts.protection,
            room,
        )

    def _measure_candidates(self) -> Iterator[PointMeasured]:
        """The first, which are the person's own settings, whatever the budget; it cuts the others."""
        for number, candidate in enumerate(self.candidates):
            until = _Until(self.control, self._until()) if number and not self.grid else self.control
            if until.is_set():
                break
            measured = self._unless_over(candidate.recipe, candidate.title, candidate.kind, until)
            if measured is None:
                break
            yield measured

    def _search_grid(self) -> Iterator[PointMeasured]:
        for number, recipe in enumerate(self.space.grid(), start=1):
            yield self._measured(recipe, f"Grid point {number}", "grid", self.control)

    def _search(self) -> Iterator[PointMeasured]:
        """Trials until the time is over; the one in hand is dropped then."""
        until = _Until(self.control, self._until())
        study = self._study()
        number = 0
        while not until.is_set():
            number += 1
            trial = study.ask(self.space.distributions())
            told = self._unless_over(self.space.recipe(trial.params), f"Trial {number}", "search", until)
            if told is None:
                return
            if told.point.gave_up:
                study.tell(trial, state=TrialState.PRUNED)
            else:
                study.tell(trial, told.point.outcome.gains())
            yield told

    def _enough(self, facts: int) -> bool:
        """Whether the statistics have had their share of the budget."""
        if facts < self._needed:
            return False
        spent = time.monotonic() - self._began
        return spent > _READY * (self._deadline - self._began)

    def _until(self) -> float:
        """When no further setting is measured: the one to take goes over the held-out facts then."""
        _, chosen = self._standing()
        needed = 0.0 if chosen is None else _HELD_OUT * self._points[chosen].seconds
        return min(self._began + _SEARCHED * (self._deadline - self._began), self._deadline - needed)

    def _unless_over(self, recipe: Recipe, title: str, kind: str, until: Control) -> PointMeasured | None:
        """None where the time was over before it was measured; raises Cancelled where the person stopped it."""
        try:
            return self._measured(recipe, title, kind, until)
        except Cancelled:
            if self.control.is_set():
                raise
            return None

    def _study(self) -> optuna.Study:
        """Three gains to be maximised, in memory; it knows the candidates that lie in the space."""
        take_over_libraries()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # multivariate
            sampler = optuna.samplers.TPESampler(
                seed=self.settings.seed, multivariate=True, n_startup_trials=_RANDOM
            )
        study = optuna.create_study(directions=["maximize"] * 3, sampler=sampler)
        for point in self._points:
            values = self.space.values(point.recipe)
            if values is not None and not point.gave_up:
                known = create_trial(
                    params=values,
                    distributions=self.space.distributions(),
                    values=list(point.outcome.gains()),
                )
                study.add_trial(known)
        return study

    def _measured(self, recipe: Recipe, title: str, kind: str, control: Control) -> PointMeasured:
        found, seconds = self._trials.seconds_of(recipe, control)
        self._points.append(_point(title, kind, recipe, found, seconds))
        on_front, chosen = self._standing()
        return PointMeasured(
            self._points[-1],
            done=len(self._points),
            total=self._total,
            seconds_left=math.nan if self.grid else max(0.0, self._deadline - time.monotonic()),
            on_front=on_front,
            chosen=chosen,
        )

    def _standing(self) -> tuple[tuple[int, ...], int | None]:
        """The front and the point to take; what was given up is on neither."""
        whole = [i for i, p in enumerate(self._points) if not p.gave_up]
        outcomes = [self._points[i].outcome for i in whole]
        found = front(outcomes)
        chosen = best(outcomes, found)
        return tuple(whole[i] for i in found), None if chosen is None else whole[chosen]

    def _hold_out(self) -> None:
        """Edits the held-out facts with the chosen point, then the rest of the front while time is left."""
        on_front, chosen = self._standing()
        fixed = [i for i, p in enumerate(self._points) if p.kind != "search" and p.kind != "grid"]
        order = list(dict.fromkeys([*([] if chosen is None else [chosen]), *fixed, *on_front]))
        if not order:
            return
        watch = Watch(self.control, self.control.progress(Phase.EVALUATION, "passes"))
        texts = self._texts.perplexity
        yardstick = Yardstick.read(self.loaded, self.split.held_out, texts, watch, HELD_OUT_SCORES)
        traces = self._trials.traces.with_facts(self.split.held_out)
        trials = Trials(traces, yardstick)
        for i in order:
            until = self.control if i == chosen else _Until(self.control, self._deadline)
            try:
                found = trials.measure(self._points[i].recipe, until, HELD_OUT_SCORES)
            except Cancelled:
                if self.control.is_set():
                    raise
                return
            s = found.scores
            self._held_out.append(HeldOut(i, s.es, s.gs, s.locality_kept, s.perplexity, found.ratio))

    def _result(self, stopped: bool) -> Calibration:
        on_front, chosen = self._standing()
        unedited = self._trials.yardstick.unedited
        return Calibration(
            model=self.loaded.source,
            sha256=self.loaded.sha256,
            settings=self.settings,
            grid=self.grid,
            split=self.split.counts(),
            borrowed_probes=self.split.borrowed_probes,
            unedited_success=unedited.es,
            unedited_perplexity=unedited.perplexity,
            points=tuple(self._points),
            front=on_front,
            chosen=chosen,
            hypervolume=hypervolume([self._points[i].outcome for i in on_front]),
            held_out=tuple(self._held_out),
            seconds=time.monotonic() - self._began,
            stopped=stopped,
            note=self.note,
        )


def _space(loaded: LoadedModel, start: Recipe, facts: int) -> Space:
    """As many layers as half the free memory takes."""
    room = free_memory(loaded.device) // 2
    return Space.around(start, loaded.modules).fitting(room, _ROWS_PER_FACT * facts)


def _with_candidates(space: Space, candidates: Sequence[Candidate]) -> list[EditableModule]:
    """The search's modules and those of recipes outside it, in the model's order."""
    names = {m.name for m in space.modules}
    for candidate in candidates:
        names |= {m.name for m in select(space.of_model, candidate.recipe.modules)}
    return [m for m in space.of_model if m.name in names]


def _point(title: str, kind: str, recipe: Recipe, found: Measured, seconds: float) -> Point:
    return Point(
        title=title,
        kind=kind,
        recipe=recipe,
        success=found.scores.es,
        kept=found.scores.locality_kept,
        perplexity=found.scores.perplexity,
        ratio=found.ratio,
        seconds=seconds,
        shift_norms=found.shift_norms,
        gave_up=found.gave_up,
    )
