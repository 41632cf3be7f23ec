"""A run from its first event to its last: progress while it goes on, one result when it ends."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from workbench.cli.collect import RunReport
from workbench.cli.interrupt import stop_on_interrupt
from workbench.cli.narrate import Narrator
from workbench.cli.progress import ProgressLine
from workbench.cli.tables import further_rows, scores_table
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.job import Done, Job, StepSink
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.evaluation.before_after import states_in_words
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.further import Further, further_in_json, shares
from workbench.models.loaded import LoadedModel
from workbench.plain import plain

BeforeAfter = tuple[Mapping[str, Further], Mapping[str, Further]]


def follow(
    line: ProgressLine,
    editor: Editor,
    job: Job,
    start: Callable[[], StepSink],
    done: Done | None = None,
    history: FactHistory | None = None,
) -> RunReport:
    """``start`` gives the sink once the facts are known to be usable; ``history``: of the run's facts so far. Ctrl-C
    stops within a minibatch."""
    report, narrator = (
        RunReport(job.facts, history),
        Narrator(line, editor.recipe.normalisation == "whitening"),
    )
    control = Control(narrator.tell)
    with stop_on_interrupt(control.stop, line.note):
        run = Run(editor, job, control, done=done or Done())
        run.sink = start()
        for event in run.events():
            report.add(event)
            narrator.tell(event)
    line.close()
    return report


def tell_result(
    as_json: bool,
    loaded: LoadedModel,
    recipe: Recipe,
    report: RunReport,
    session: Path,
    exported: Path | None = None,
    further: BeforeAfter = ({}, {}),
) -> None:
    """One JSON object, or the scores as a table, on standard output. ``further``: unedited and edited."""
    if as_json:
        result = {
            "model": described(loaded),
            "recipe": asdict(recipe),
            **report.as_dict(),
            "session": str(session),
            "export": str(exported) if exported else None,
            "further": further_in_json(*further),
        }
        for when, found in zip(("before", "after"), further, strict=True):
            result[when] = {**(result[when] or {}), **shares(found)} or None
        print(json.dumps(plain(result), ensure_ascii=False))
        return
    print(scores_table(report.before, report.after))
    for line in further_rows(*further):
        print(line)
    if states := states_in_words(report.history):
        print(f"\nFacts: {states}")
    print(f"\nSession: {session}")
    if exported:
        print(f"Edited model: {exported}")


def described(loaded: LoadedModel) -> dict[str, object]:
    return {
        "source": loaded.source,
        "sha256": loaded.sha256,
        "architecture": loaded.architecture,
        "parameters": loaded.parameters,
        "dtype": str(loaded.dtype).removeprefix("torch."),
        "device": str(loaded.device),
    }
