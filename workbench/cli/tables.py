"""Scores as text, each with what it was before the edits."""

from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES


def scores_table(before: Scores | None, after: Scores | None) -> str:
    """One line a score: title, before, after. What was not measured is a dash."""
    width = max(map(len, TITLES.values()))
    lines = [f"{'':{width}}  {'unedited':>9}  {'edited':>9}"]
    for name, title in TITLES.items():
        lines.append(f"{title:{width}}  {_number(before, name):>9}  {_number(after, name):>9}")
    return "\n".join(lines)


def protocols() -> str:
    """What each score means, for the end of a report."""
    return "\n".join(f"{TITLES[name]}: {PROTOCOLS[name]}" for name in TITLES)


def _number(scores: Scores | None, name: str) -> str:
    value = float("nan") if scores is None else getattr(scores, name)
    if value != value:
        return "–"
    return f"{value:.1f}" if name == "perplexity" else f"{value:.3f}"
