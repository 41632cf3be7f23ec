"""A run's events as progress and sentences on standard error."""

import math

from workbench.cli.progress import ProgressLine
from workbench.editing.events import (
    Evaluated,
    Event,
    MinibatchHalved,
    Phase,
    Progressed,
    RunStarted,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)


class Narrator:
    def __init__(self, line: ProgressLine, whitens: bool) -> None:
        self._line, self._whitens = line, whitens

    def tell(self, event: Event) -> None:
        match event:
            case Progressed(phase=Phase.EDITING):
                pass  # the line counts whole steps
            case Progressed():
                self._line.update(event.phase.value.capitalize(), event.done, event.total, event.unit)
            case RunStarted():
                done = f"; {event.facts_done:,} facts in {event.steps_done:,} steps are done already"
                self._line.note(
                    f"{event.facts:,} facts in {event.steps:,} steps, {event.warmup_facts:,} warm-up facts, "
                    f"{len(event.modules)} modules{done if event.steps_done else ''}"
                )
            case WarmupProgressed():
                rows = f"{event.rows:,} rows of the {event.rows_needed:,} that whitening needs"
                self._line.update("Warming up", event.facts_done, event.facts_total, "facts", rows)
                if event.facts_done >= event.facts_total:
                    self._tell_fallback(event)
            case StepApplied():
                success = f"step {event.step}: success {event.success_before:.2f} → {event.success:.2f}, "
                success += f"first step's now {event.success_first:.2f}"
                if event.spending is not None:
                    success += f", budget {event.spending.in_words()}"
                self._line.update("Editing", event.facts_done, event.facts_total, "facts", success)
                self._tell_budget(event)
            case StepSkipped():
                what = f"Warm-up batch {event.step}" if event.warming_up else f"Step {event.step}"
                self._line.note(f"{what} was skipped, {event.facts:,} facts left out: {event.message}")
            case Evaluated():
                when = "unedited" if event.step == 0 else f"after step {event.step}"
                when += f", {event.scores.facts:,} facts"
                scores = event.scores
                said = {
                    "says it, plain": scores.generated,
                    "in the chat": scores.generated_chat,
                    "ES": scores.es,
                    "GS": scores.gs,
                    "locality kept": scores.locality_kept,
                }
                known = [f"{name} {value:.3f}" for name, value in said.items() if not math.isnan(value)]
                if not math.isnan(scores.perplexity):
                    known.append(f"perplexity {scores.perplexity:.1f}")
                self._line.note(f"Scores {when}: {', '.join(known)}")
            case MinibatchHalved():
                self._line.note(
                    f"Memory ran out: minibatches of {event.minibatch} from here on, with the same results."
                )

    def _tell_budget(self, step: StepApplied) -> None:
        if step.spending is not None and step.spending.cut < 1:
            self._line.note(
                f"Step {step.step} was shortened to what its part of the budget allows "
                f"({step.spending.in_words()}): some of its facts may not have taken."
            )

    def _tell_fallback(self, warmup: WarmupProgressed) -> None:
        if self._whitens and warmup.rows < warmup.rows_needed:
            self._line.note(
                f"The warm-up gave {warmup.rows:,} answer tokens and full whitening needs {warmup.rows_needed:,}: "
                "steps use diagonal normalisation until then. More warm-up facts avoid that."
            )
