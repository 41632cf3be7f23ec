"""Each claim as a rule on figures, decided per seed and then over seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from workbench.studies.claims import variants as v
from workbench.studies.claims.records import RunRecord

MARGIN = 0.02  # of a score: below this, two runs are alike
COLLAPSE_SHARE, COLLAPSE_RATIO = 0.5, 10.0
GROWTH = 1.5  # of the mean norm from the first to the last quarter of the steps
ORTHOGONAL = 0.1  # mean absolute cosine

Runs = Mapping[str, RunRecord]  # variant → the run of one seed
Figures = dict[str, float]
Decision = tuple[bool, Figures]


class Verdict(StrEnum):
    HELD = "held"
    DID_NOT_HOLD = "did not hold"
    UNDECIDED = "undecided (seeds disagree)"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Claim:
    name: str
    title: str  # the claim, as a sentence
    rule: str  # when it holds for a seed
    variants: tuple[str, ...]  # what it compares
    curve: str  # which by-step quantity shows it: "success", "shift_norm", "cosine", "success_first"
    decide: Callable[[Runs], Decision]


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """``figures``: name → one value a seed, in the order of ``seeds``."""

    name: str
    title: str
    rule: str
    variants: tuple[str, ...]
    curve: str
    verdict: Verdict
    seeds: tuple[int, ...]
    held: tuple[bool, ...]  # by seed
    figures: dict[str, tuple[float, ...]]

    @property
    def sentence(self) -> str:
        """The verdict with the figures' means over seeds."""
        if self.verdict is Verdict.NOT_MEASURED:
            return f"{self.title} Not measured: no seed has all the runs that it compares."
        count = len(self.seeds)
        seeds = "1 seed" if count == 1 else f"{count} seeds"
        figures = ", ".join(f"{name} {_shown(values)}" for name, values in self.figures.items())
        word = self.verdict.value[0].upper() + self.verdict.value[1:]
        agreed = "" if self.verdict is not Verdict.UNDECIDED else f" (held in {sum(self.held)})"
        return f"{self.title} {word} on {seeds}{agreed}: {figures}."


def judge(runs: Sequence[RunRecord]) -> tuple[ClaimResult, ...]:
    """Every claim, on the seeds that have all the runs that it compares."""
    by_seed: dict[int, dict[str, RunRecord]] = {}
    for run in runs:
        by_seed.setdefault(run.seed, {})[run.variant] = run
    return tuple(_judged(claim, by_seed) for claim in CLAIMS)


def verdict_of(held: Sequence[bool]) -> Verdict:
    """Held, or did not hold, where all seeds say so."""
    if not held:
        return Verdict.NOT_MEASURED
    if all(held):
        return Verdict.HELD
    return Verdict.UNDECIDED if any(held) else Verdict.DID_NOT_HOLD


def _judged(claim: Claim, by_seed: Mapping[int, Runs]) -> ClaimResult:
    seeds = tuple(s for s, runs in sorted(by_seed.items()) if all(name in runs for name in claim.variants))
    decisions = [claim.decide(by_seed[seed]) for seed in seeds]
    names = list(decisions[0][1]) if decisions else []
    figures = {name: tuple(found[name] for _, found in decisions) for name in names}
    held = tuple(bool(decided) for decided, _ in decisions)
    return ClaimResult(
        claim.name,
        claim.title,
        claim.rule,
        claim.variants,
        claim.curve,
        verdict_of(held),
        seeds,
        held,
        figures,
    )


def _shown(values: Sequence[float]) -> str:
    """The mean, and each seed's value where there are several."""
    mean = f"{np.mean(values):.3g}"
    return mean if len(values) == 1 else f"{mean} ({', '.join(f'{value:.3g}' for value in values)})"


def _collapse(runs: Runs) -> Decision:
    with_, without = runs[v.REFERENCE], runs[v.NONE]
    es, es_without = _score(with_, "es"), _score(without, "es")
    ratio = _ratio(without)
    held = bool(without.failed) or es_without < COLLAPSE_SHARE * es or ratio > COLLAPSE_RATIO
    return held, {
        "ES at the end, with normalisation": es,
        "ES at the end, without": es_without,
        "perplexity over unedited, with normalisation": _ratio(with_),
        "perplexity over unedited, without": ratio,
        "steps done without": float(len(without.success)),
    }


def _early(runs: Runs) -> Decision:
    whole, other = _later(runs, v.REFERENCE, v.EARLY_LEFT_OUT)
    return whole - other > MARGIN, {
        "ES of later steps, early ones edited": whole,
        "ES of later steps, early ones left out": other,
    }


def _early_weights(runs: Runs) -> Decision:
    whole, other = _later(runs, v.REFERENCE, v.EARLY_STATISTICS)
    return whole - other > MARGIN, {
        "ES of later steps, early ones edited": whole,
        "ES of later steps, early ones statistics only": other,
    }


def _later(runs: Runs, whole: str, later: str) -> tuple[float, float]:
    """Mean ES, right after their own step, of the steps that both runs edited."""
    first = runs[later].first_step
    return _mean(runs[whole].success[first - 1 :]), _mean(runs[later].success)


def _bounded(runs: Runs) -> Decision:
    """The module whose norms grew most."""
    run = runs[v.REFERENCE]
    growths = [_growth(norms) for norms in run.shift_norms.values()]
    worst = max(growths, default=float("inf"))
    highest = max((max(norms, default=0.0) for norms in run.shift_norms.values()), default=float("nan"))
    return not run.failed and worst <= GROWTH, {
        "growth of the norm, first to last quarter": worst,
        "largest norm": highest,
    }


def _growth(norms: Sequence[float]) -> float:
    quarter = max(1, len(norms) // 4)
    start = _mean(norms[:quarter])
    return _mean(norms[-quarter:]) / start if start > 0 else float("inf")


def _orthogonal(runs: Runs) -> Decision:
    run = runs[v.REFERENCE]
    by_step = np.abs(np.array(list(run.cosines.values()), dtype=float))[:, 1:]  # (modules, steps - 1)
    quarter = max(1, by_step.shape[1] // 4)
    end = float(by_step[:, -quarter:].mean()) if by_step.size else float("nan")
    start = float(by_step[:, :quarter].mean()) if by_step.size else float("nan")
    return not run.failed and end < ORTHOGONAL, {
        "mean |cosine| in the first quarter": start,
        "mean |cosine| in the last quarter": end,
        "largest |cosine|": float(by_step.max()) if by_step.size else float("nan"),
    }


def _whitening(runs: Runs) -> Decision:
    full, diagonal = runs[v.REFERENCE], runs[v.DIAGONAL]
    es, kept = (_score(full, s) - _score(diagonal, s) for s in ("es", "locality_kept"))
    no_worse = not kept < -MARGIN and not _ratio(full) > 1.05 * _ratio(diagonal)
    return es > MARGIN and no_worse, {
        "ES at the end, full": _score(full, "es"),
        "ES at the end, diagonal": _score(diagonal, "es"),
        "kept, full": _score(full, "locality_kept"),
        "kept, diagonal": _score(diagonal, "locality_kept"),
        "perplexity over unedited, full": _ratio(full),
        "perplexity over unedited, diagonal": _ratio(diagonal),
    }


def _warmup(runs: Runs) -> Decision:
    return _es_gain(runs, v.REFERENCE, v.NO_WARMUP, "with warm-up", "without warm-up")


def _warmup_edits(runs: Runs) -> Decision:
    return _es_gain(runs, v.WARMUP_EDITS, v.REFERENCE, "warm-up edits", "statistics only")


def _es_gain(runs: Runs, better: str, worse: str, better_title: str, worse_title: str) -> Decision:
    a, b = runs[better], runs[worse]
    es_a, es_b = _score(a, "es"), _score(b, "es")
    return es_a - es_b > MARGIN, {
        f"ES at the end, {better_title}": es_a,
        f"ES at the end, {worse_title}": es_b,
        f"kept, {better_title}": _score(a, "locality_kept"),
        f"kept, {worse_title}": _score(b, "locality_kept"),
        f"perplexity over unedited, {better_title}": _ratio(a),
        f"perplexity over unedited, {worse_title}": _ratio(b),
    }


def _memory(runs: Runs) -> Decision:
    """Of the first batch at the end."""
    with_, without = runs[v.MEMORY], runs[v.REFERENCE]
    end_with, end_without = (_last(run.success_first) for run in (with_, without))
    return end_with - end_without > MARGIN, {
        "ES of the first batch right after its step, with memory": _first(with_.success),
        "ES of the first batch at the end, with memory": end_with,
        "ES of the first batch right after its step, without": _first(without.success),
        "ES of the first batch at the end, without": end_without,
    }


def _score(run: RunRecord, name: str) -> float:
    """A run that ended in numbers that are not finite has lost everything."""
    return 0.0 if run.failed else run.scores[name]


def _ratio(run: RunRecord) -> float:
    """Perplexity at the end over the unedited model's."""
    return float("inf") if run.failed else run.scores["perplexity"] / run.unedited["perplexity"]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _first(values: Sequence[float]) -> float:
    return values[0] if values else 0.0


def _last(values: Sequence[float]) -> float:
    return values[-1] if values else 0.0


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "collapse",
        "Without normalisation the model collapses.",
        f"Holds where the run without ends in numbers that are not finite, or with less than {COLLAPSE_SHARE:.0%} of "
        f"the ES at the end of the run with full whitening, or with more than {COLLAPSE_RATIO:g}\u00a0× the unedited "
        "perplexity. Its step size gives the same first shift norm.",
        (v.REFERENCE, v.NONE),
        "success",
        _collapse,
    ),
    Claim(
        "early-edits",
        "Early edits help later ones.",
        "The mean ES of the second half of the steps, each right after its own step, is more than "
        f"{MARGIN:g} higher where the first half was edited before than where it was left out.",
        (v.REFERENCE, v.EARLY_LEFT_OUT),
        "success",
        _early,
    ),
    Claim(
        "early-weights",
        "Early edits help later ones through the weights, and not only through the statistics.",
        "The mean ES of the second half of the steps, each right after its own step, is more than "
        f"{MARGIN:g} higher where the first half was edited before than where its facts only went through the "
        "statistics.",
        (v.REFERENCE, v.EARLY_STATISTICS),
        "success",
        _early_weights,
    ),
    Claim(
        "bounded",
        "Shift norms stay bounded.",
        f"In every module the mean shift norm of the last quarter of the steps is at most {GROWTH:g} × that of the "
        "first quarter, with full whitening.",
        (v.REFERENCE,),
        "shift_norm",
        _bounded,
    ),
    Claim(
        "orthogonal",
        "Consecutive shifts turn orthogonal.",
        "The absolute cosine between consecutive shifts, mean over modules and the last quarter of the steps, is "
        f"below {ORTHOGONAL:g}, with full whitening.",
        (v.REFERENCE,),
        "cosine",
        _orthogonal,
    ),
    Claim(
        "whitening",
        "Full whitening does better than diagonal scaling.",
        f"At the same step size, ES over all edits at the end is more than {MARGIN:g} higher, locality kept not more "
        f"than {MARGIN:g} lower and perplexity not more than 5 % higher.",
        (v.REFERENCE, v.DIAGONAL),
        "success",
        _whitening,
    ),
    Claim(
        "warm-up",
        "A warm-up of the statistics helps.",
        f"ES over all edits at the end is more than {MARGIN:g} higher with the warm-up than without.",
        (v.REFERENCE, v.NO_WARMUP),
        "success",
        _warmup,
    ),
    Claim(
        "warm-up-edits",
        "A warm-up that edits helps more than one of the statistics alone.",
        f"ES over all edits at the end is more than {MARGIN:g} higher where the warm-up facts change the weights too.",
        (v.REFERENCE, v.WARMUP_EDITS),
        "success",
        _warmup_edits,
    ),
    Claim(
        "memory",
        "Edit memory keeps the first batch better.",
        f"ES of the first batch after the last step is more than {MARGIN:g} higher with edit memory than without.",
        (v.REFERENCE, v.MEMORY),
        "success_first",
        _memory,
    ),
)
