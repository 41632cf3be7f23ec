"""Scores as text, each with what it was before the edits."""

from typing import TYPE_CHECKING

from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES

if TYPE_CHECKING:
    from workbench.exports.decomposition import Decomposition
    from workbench.exports.lora import AdapterScores


def scores_table(before: Scores | None, after: Scores | None) -> str:
    """One line a score: title, before, after. What was not measured is a dash."""
    width = max(map(len, TITLES.values()))
    lines = [f"{'':{width}}  {'unedited':>9}  {'edited':>9}"]
    for name, title in TITLES.items():
        lines.append(f"{title:{width}}  {_number(before, name):>9}  {_number(after, name):>9}")
    return "\n".join(lines)


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
    value = float("nan") if scores is None else getattr(scores, name)
    if value != value:
        return "–"
    return f"{value:.1f}" if name == "perplexity" else f"{value:.3f}"
