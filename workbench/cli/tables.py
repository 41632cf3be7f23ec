"""Scores as text, each with what it was before the edits."""

from typing import TYPE_CHECKING

from workbench.evaluation.scores import NAN, PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES

if TYPE_CHECKING:
    from workbench.exports.decomposition import Decomposition
    from workbench.exports.lora import AdapterScores


def scores_table(before: Scores | None, after: Scores | None) -> str:
    """One line a score: title, before, after. What was not measured is a dash."""
    width = max(map(len, TITLES.values()))
    lines = [_row("", width, "unedited", "edited")]
    for name, title in TITLES.items():
        lines.append(_row(title, width, _number(before, name), _number(after, name)))
        if name == "portability":
            lines += _groups(before, after, width)
    return "\n".join(lines)


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
    """Kept energy by module, then the scores of the unedited and the edited model and of the adapter."""
    shares = decomposition.kept_by_module(rank) | {"all modules": decomposition.kept(rank)}
    width = max(map(len, shares))
    lines = [f"{'kept energy':{width}}  rank {rank:,}"]
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


def protocols() -> str:
    """What each score means, for the end of a report."""
    return "\n".join(f"{TITLES[name]}: {PROTOCOLS[name]}" for name in TITLES)


def _number(scores: Scores | None, name: str) -> str:
    return figure(NAN if scores is None else getattr(scores, name), name)


def figure(value: float, name: str = "") -> str:
    """A dash for what was not measured."""
    if value != value:
        return "–"
    return f"{value:.1f}" if name == "perplexity" else f"{value:.3f}"
