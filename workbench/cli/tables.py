"""Scores as text, each with what it was before the edits."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from workbench.evaluation.scores import NAN, PROTOCOLS, Scores
from workbench.evaluation.titles import FURTHER_PROTOCOLS, FURTHER_TITLES, TITLES

if TYPE_CHECKING:
    from workbench.cli.measuring import Measured
    from workbench.evaluation.further import Further
    from workbench.evaluation.harness import Tasks
    from workbench.exports.decomposition import Decomposition
    from workbench.exports.lora import AdapterScores

WIDTH = max(map(len, TITLES.values()))
_TASKS = "lm-evaluation-harness"


def scores_table(
    before: Scores | None, after: Scores | None, names: Collection[str] = tuple(TITLES), width: int = WIDTH
) -> str:
    """One line a score: title, before, after. What was not measured is a dash."""
    lines = [_row("", width, "unedited", "edited")]
    for name in (name for name in TITLES if name in names):
        lines.append(_row(TITLES[name], width, _number(before, name), _number(after, name)))
        if name == "portability":
            lines += _groups(before, after, width)
    return "\n".join(lines)


def evaluation_table(before: "Measured | None", after: "Measured", names: Collection[str]) -> str:
    """Scores, further scores and the harness's tasks, each unedited and edited."""
    width = max([WIDTH, *(len(FURTHER_TITLES[name]) for name in after.further)])
    unedited = before.scores if before else None
    parts = [scores_table(unedited, after.scores, names, width)] if after.scores else []
    if after.further:
        parts.append("\n".join(further_rows(before.further if before else {}, after.further, width)))
    if after.tasks is not None:
        parts.append("\n".join(_task_rows(before.tasks if before else None, after.tasks, width)))
    return "\n".join(parts)


def further_rows(
    before: "Mapping[str, Further]", after: "Mapping[str, Further]", width: int = WIDTH
) -> list[str]:
    """With how many facts were asked."""
    width = max([width, *(len(FURTHER_TITLES[name]) for name in after)])
    shares = ([side[name].share if name in side else NAN for side in (before, after)] for name in after)
    asked = (f"  {found.asked:,} asked" for found in after.values())
    return [
        _row(FURTHER_TITLES[name], width, *map(figure, pair)) + of
        for name, pair, of in zip(after, shares, asked, strict=True)
    ]


def _task_rows(before: "Tasks | None", after: "Tasks", width: int) -> list[str]:
    """A line a task and metric."""
    rows = [f"{_TASKS}"]
    for task, metrics in after.items():
        earlier = (before or {}).get(task, {})
        rows += [
            _row(f"  {task} {metric}", width, figure(earlier.get(metric, NAN)), figure(value))
            for metric, value in metrics.items()
        ]
    return rows


def _groups(before: Scores | None, after: Scores | None, width: int) -> list[str]:
    """Portability by the data's groups."""
    sides = [{} if scores is None else scores.portability_groups for scores in (before, after)]
    names = dict.fromkeys(name for side in sides for name in side)
    cells = [[figure(side.get(name, NAN)) for side in sides] for name in names]
    titles = (f"  {name.replace('_', ' ')}" for name in names)
    return [_row(title, width, *pair) for title, pair in zip(titles, cells, strict=True)]


def _row(title: str, width: int, before: str, after: str) -> str:
    return f"{title:{width}}  {before:>9}  {after:>9}"


def adapter_table(decomposition: "Decomposition", rank: int, measured: "AdapterScores | None") -> str:
    """Captured energy by module, then the scores of the unedited and the edited model and of the adapter."""
    shares = decomposition.kept_by_module(rank) | {"all modules": decomposition.kept(rank)}
    width = max(map(len, shares))
    lines = [f"{'captured energy':{width}}  rank {rank:,}"]
    lines += [f"{name:{width}}  {share:.4f}" for name, share in shares.items()]
    if measured is None:
        return "\n".join([*lines, "", "The adapter was not scored."])
    loss = measured.loss()
    width = max(map(len, TITLES.values()))
    lines += ["", f"{'':{width}}  {'unedited':>9}  {'edited':>9}  {'adapter':>9}  {'loss':>9}"]
    for name, title in TITLES.items():
        cells = [_number(of, name) for of in (measured.unedited, measured.edited, measured.adapter)]
        lost = "–" if loss[name] != loss[name] else f"{loss[name]:.{1 if name == 'perplexity' else 3}f}"
        lines.append(f"{title:{width}}  " + "  ".join(f"{cell:>9}" for cell in (*cells, lost)))
    return "\n".join(lines)


def protocols(further: Collection[str] = (), tasks: bool = False) -> str:
    """What each score means, for the end of a report; of the ``further`` ones those that are named, and the harness's
    where there are ``tasks``."""
    from workbench.evaluation.harness import PROTOCOL

    usual = [f"{TITLES[name]}: {PROTOCOLS[name]}" for name in TITLES]
    return "\n".join([*usual, *(FURTHER_PROTOCOLS[name] for name in further), *[PROTOCOL] * tasks])


def _number(scores: Scores | None, name: str) -> str:
    return figure(NAN if scores is None else getattr(scores, name), name)


def figure(value: float, name: str = "") -> str:
    """A dash for what was not measured."""
    if value != value:
        return "–"
    return f"{value:.1f}" if name == "perplexity" else f"{value:.3f}"
