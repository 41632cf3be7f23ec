"""The report's page: everything in one file that a browser shows without a network."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from workbench import __version__
from workbench.editing.kinds import settings_of
from workbench.evaluation.before_after import Answers
from workbench.evaluation.fact_history import FactHistory, Fate
from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES
from workbench.exports.report.contents import ReportContents
from workbench.exports.report.fact_table import reasons_of, state_of
from workbench.exports.report.plots import Plot, short_name
from workbench.facts.diagnosis import Neighbours
from workbench.session.provenance import base_name

TEMPLATE = "report.html.jinja"
MOST_LOST = 25  # facts named that do not hold
MOST_ANSWERS = 500
WROTE = {
    "before": "Plain, before",
    "after": "Plain, after",
    "before_chat": "In the chat, before",
    "after_chat": "In the chat, after",
}
DASH = "–"


def page(contents: ReportContents, plots: Sequence[Plot]) -> str:
    """HTML; every text from models and files is escaped."""
    source = files("workbench.resources").joinpath("templates", TEMPLATE).read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    history = contents.history()
    return environment.from_string(source).render(
        title=contents.session,
        run=contents.run,
        created=datetime.now(UTC).date().isoformat(),
        version=__version__,
        facts_of_run=_facts_of_run(contents),
        scores=_scores(contents),
        scored_at=contents.last.step if contents.last else 0,
        plots=[(plot, Markup(plot.svg)) for plot in plots],
        identity=_identity(contents),
        modules=_modules(contents),
        settings=_settings(contents),
        adapters=_adapters(contents),
        answers=_answers(contents, history),
        lost=_lost(contents, history),
        runs=_runs(contents),
        protocols=[(TITLES[name], PROTOCOLS[name]) for name in TITLES],
    )


def _facts_of_run(c: ReportContents) -> list[tuple[str, str]]:
    run = c.run
    warm = c.warmup[-1] if c.warmup else None
    changed = (
        "they changed the weights too" if warm and warm.weights_changed else "the weights stayed as they were"
    )
    return [
        ("Facts edited", f"{run.facts_done - c.facts_skipped:,} of {run.facts:,}"),
        (
            "Skipped",
            f"{c.facts_skipped:,}, whose steps were not finite ({len(c.skipped):,})" if c.skipped else "none",
        ),
        ("Steps", f"{run.steps_done:,} of {run.recipe.batch:,} facts at most"),
        ("Warm-up", f"{warm.facts_done:,} facts; {changed}" if warm else "none in this run"),
        ("Started", run.started),
        ("Ended", f"{run.ended or DASH} ({run.reason or 'still going on'})"),
        ("Work", f"{run.seconds:,.1f} s"),
        ("Note", run.note or DASH),
    ]


def _identity(c: ReportContents) -> list[tuple[str, str]]:
    model, place = c.run.model, c.run.environment
    return [
        ("Model", base_name(model.source)),
        ("Architecture", model.architecture or DASH),
        ("Number format", model.dtype or DASH),
        ("SHA-256 of the weights", model.sha256),
        ("Device", f"{place.device}, {place.threads} threads, {place.machine}"),
        ("torch", place.torch),
    ]


def _scores(c: ReportContents) -> list[dict[str, str]]:
    return [
        {
            "title": title,
            "before": number(_score(c.before, name), name),
            "after": number(_score(c.after, name), name),
            "change": _change(_score(c.before, name), _score(c.after, name), name),
            "protocol": PROTOCOLS[name],
        }
        for name, title in TITLES.items()
    ]


def _score(scores: Scores | None, name: str) -> float:
    return math.nan if scores is None else float(getattr(scores, name))


def number(value: float, name: str = "") -> str:
    """Perplexity with one decimal, shares with three."""
    if not math.isfinite(value):
        return DASH if math.isnan(value) else "∞"
    text = f"{value:,.1f}" if name == "perplexity" else f"{value:.3f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "−")


def _change(before: float, after: float, name: str) -> str:
    change = after - before
    if not math.isfinite(change):
        return DASH
    text = number(abs(change), name)
    return f"{'−' if change < 0 else '+'}{text}" if text.strip("0.,") else text


def _modules(c: ReportContents) -> list[dict[str, str]]:
    if not c.steps:
        return []
    first, last = c.steps[0].modules, c.steps[-1].modules
    return [
        {
            "name": name,
            "short": short_name(name),
            "first": f"{first[name].shift_norm:.4g}" if name in first else DASH,
            "norm": f"{last[name].shift_norm:.4g}",
            "drift": f"{last[name].weight_drift:.4f}",
            "cosine": number(last[name].cosine_previous),
            "floored": number(last[name].floored_share),
            "rows": f"{last[name].rows:,}",
        }
        for name in c.modules
        if name in last
    ]


def _settings(c: ReportContents) -> list[tuple[str, str, str, str]]:
    """(label with symbol, value, unit, help)."""
    rows = [("Recipe", c.run.recipe.name, "", "The set of settings that these began from.")]
    for _, about, value in settings_of(c.run.recipe):
        rows.append((f"{about.label} {about.symbol}".strip(), _value(value), about.unit, about.help))
    return rows


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case int():
            return f"{value:,}"
    return str(value) or DASH


def _adapters(c: ReportContents) -> dict[str, Any] | None:
    if not c.adapters:
        return None
    names = list(TITLES)
    compared = [("unedited", DASH, DASH, c.before), ("edited", DASH, DASH, c.after)]
    compared += [
        (f"rank {a.rank:,}", f"{a.kept:.4f}", f"{a.bytes / 1e6:,.1f} MB", a.scores) for a in c.adapters
    ]
    rows = [
        [title, kept, size, *(number(_score(scores, name), name) for name in names)]
        for title, kept, size, scores in compared
    ]
    return {"head": ["", "Captured energy", "Size", *(TITLES[name] for name in names)], "rows": rows}


def _answers(c: ReportContents, history: FactHistory) -> dict[str, Any] | None:
    """What the model wrote for each edited fact, lost ones first; None where that was not kept."""
    found = Answers(c.facts, history)
    heads = found.written()
    if not found.kept:
        return None
    shown = [found[place] for place in found.worst_first()[:MOST_ANSWERS]]
    rows = [
        (a.place + 1, a.prompt, a.target, a.fate.value, [_shown(getattr(a, name)) for name in heads])
        for a in shown
    ]
    return {"of": len(found), "heads": [WROTE[name] for name in heads], "rows": rows}


def _shown(text: str | None) -> str:
    return DASH if text is None else text or "(nothing)"


def _lost(c: ReportContents, history: FactHistory) -> dict[str, Any] | None:
    """Facts that were scored and do not hold."""
    if c.last is None:
        return None
    records = [history.of(i) for i in range(min(len(c.last.per_fact.es), len(c.facts)))]
    lost = [i for i, record in enumerate(records) if record.fate in (Fate.LOST, Fate.MISSED)]
    neighbours, shown = Neighbours(c.facts), []
    for i in lost[:MOST_LOST]:
        record, fact = records[i], c.facts[i]
        why = " ".join(reason.sentence for reason in reasons_of(c, record, neighbours, i))
        es = number(record.after.get("es", math.nan))
        shown.append((i + 1, fact.prompt, fact.target, es, state_of(c, record, i), why))
    return {"count": len(lost), "of": len(records), "shown": shown}


def _runs(c: ReportContents) -> list[tuple[str, ...]]:
    return [
        (
            str(r.id),
            r.name,
            r.started,
            f"{r.facts_done:,} of {r.facts:,}",
            f"{r.steps_done:,}",
            r.reason or "going on",
        )
        for r in c.runs
    ]
