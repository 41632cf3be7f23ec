"""The report's charts, each of one thing that the window shows live."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from workbench.editing.events import Floats
from workbench.exports.report.contents import ReportContents
from workbench.exports.report.svg import CURVES, DASHES, LINE, chart
from workbench.models.progress import Watch

MOST_LINES = 12  # modules drawn one by one; more are shown by their lowest, median and highest
MOST_CELLS = 400  # of a side of the heat map
_SMALL_COSINE = 0.1  # the axis of cosines reaches at least so far
_DECADES = 100.0  # highest over lowest, from which on the scale is logarithmic


@dataclass(frozen=True, slots=True)
class Plot:
    key: str
    title: str
    explanation: str  # one sentence: what is drawn, in which unit
    svg: str


@dataclass(frozen=True, slots=True)
class _Curve:
    name: str
    x: Sequence[float] | Floats
    y: Sequence[float] | Floats


def plots(contents: ReportContents, watch: Watch | None = None) -> list[Plot]:
    """Those that the run has figures for. Raises Cancelled."""
    makers = (_success, _shift_norm, _drift, _cosines, _perplexity, _locality, _retention)
    watch, made = watch or Watch(), []
    for done, maker in enumerate(makers):
        watch.report("drawing the plots", done, len(makers), "plots")
        made.append(maker(contents))
    watch.report("drawing the plots", len(makers), len(makers), "plots")
    return [plot for plot in made if plot is not None]


def _success(c: ReportContents) -> Plot | None:
    steps = _steps(c)
    scored = [s.step for s in c.scored]
    curves = [
        _Curve("says it, all facts so far", scored, [s.scores.generated for s in c.scored]),
        _Curve("in the chat, all facts so far", scored, [s.scores.generated_chat for s in c.scored]),
        _Curve("the step's facts, right after it", steps, [s.success for s in c.steps]),
        _Curve("the same facts before it", steps, [s.success_before for s in c.steps]),
        _Curve("the first step's facts", steps, [s.success_first for s in c.steps]),
        _Curve("a random earlier step's facts", steps, [s.success_random for s in c.steps]),
        _Curve("ES, all facts so far", scored, [s.scores.es for s in c.scored]),
    ]
    explanation = "Share of facts that the model says by itself, and efficacy (ES) of steps, 0 to 1, by step."
    return _lines("success", "What the model says", explanation, curves, share=True)


def _shift_norm(c: ReportContents) -> Plot | None:
    curves = _module_curves(c, "shift_norm")
    return _lines("norms", "Shift norm", "‖Δ‖ (Frobenius) of each module, by step.", curves)


def _drift(c: ReportContents) -> Plot | None:
    curves = _module_curves(c, "weight_drift")
    return _lines("drift", "Weight drift", "‖W − W₀‖ / ‖W₀‖ of each module, by step.", curves)


def _cosines(c: ReportContents) -> Plot | None:
    steps, curves = _steps(c), []
    for name, field in (("previous shift", "cosine_previous"), ("sum of the earlier", "cosine_sum")):
        values = c.of_modules(field)
        for what, reduce in (("median", np.median), ("highest", np.max)):
            curves.append(_Curve(f"{name}, {what}", steps, _over_modules(values, reduce)))
    explanation = (
        "Cosine between a shift and the one before, and the sum of all before, over modules, by step."
    )
    return _lines("cosines", "Orthogonality of the shifts", explanation, curves, zero=False)


def _perplexity(c: ReportContents) -> Plot | None:
    x = [s.step for s in c.scores]
    curves = [_Curve("perplexity", x, [s.scores.perplexity for s in c.scores])]
    explanation = "Per token on ordinary text, after each scoring; step 0 is the unedited model."
    return _lines("perplexity", "Perplexity", explanation, curves, marked=True)


def _locality(c: ReportContents) -> Plot | None:
    x = [s.step for s in c.scores]
    curves = [
        _Curve("locality kept", x, [s.scores.locality_kept for s in c.scores]),
        _Curve("locality against the reference (LS)", x, [s.scores.ls for s in c.scores]),
        _Curve("generalisation (GS)", x, [s.scores.gs for s in c.scores]),
    ]
    explanation = "Shares, 0 to 1, after each scoring; step 0 is the unedited model."
    return _lines("locality", "Generalisation and locality", explanation, curves, share=True, marked=True)


def _retention(c: ReportContents) -> Plot | None:
    matrix, at = c.retention()
    if not matrix.size:
        return None
    if len(at) == 1:
        steps = list(range(1, len(matrix) + 1))
        curves = [_Curve(f"after step {at[0]:,}", steps, matrix[:, 0])]
        explanation = f"ES of each step's facts after step {at[0]:,}, the only scoring."
        return _lines("retention", "Retention", explanation, curves, share=True, marked=True)

    def draw(axes: Axes) -> None:
        _heat_map(axes, matrix, at)

    explanation = (
        "ES of each step's facts (row) at each later scoring (column), 0 to 1; empty before their edit."
    )
    return Plot("retention", "Retention", explanation, chart("retention", draw, height=3.6))


def _heat_map(axes: Axes, matrix: Floats, at: Sequence[int]) -> None:
    stride = -(-len(matrix) // MOST_CELLS)
    shown = np.ma.masked_invalid(matrix[::stride])
    extent = (0.5, len(at) + 0.5, 0.5, len(matrix) + 0.5)
    image = axes.imshow(
        shown,
        cmap="cividis",
        vmin=0,
        vmax=1,
        aspect="auto",
        origin="lower",
        extent=extent,
        interpolation="none",
    )
    axes.grid(visible=False)
    axes.patch.set(alpha=1, facecolor=LINE)  # what was not edited yet stands off the lowest colour
    ticks = np.unique(np.linspace(1, len(at), min(len(at), 8)).round().astype(int))
    axes.set_xticks(ticks, [f"{at[i - 1]:,}" for i in ticks])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.set_xlabel("scored after step")
    axes.set_ylabel("step of the facts")
    bar = axes.figure.colorbar(image, ax=axes)
    bar.outline.set_visible(False)


def _module_curves(c: ReportContents, field: str) -> list[_Curve]:
    values, steps = c.of_modules(field), _steps(c)
    if len(c.modules) <= MOST_LINES:
        return [_Curve(short_name(m), steps, row) for m, row in zip(c.modules, values, strict=True)]
    reductions = (("lowest", np.min), ("median", np.median), ("highest", np.max))
    return [
        _Curve(f"{what} of {len(c.modules)} modules", steps, _over_modules(values, reduce))
        for what, reduce in reductions
    ]


def short_name(module: str) -> str:
    """``18 down_proj`` of model.layers.18.mlp.down_proj."""
    parts = module.split(".")
    layer = next((part for part in parts if part.isdigit()), "")
    return f"{layer} {parts[-1]}".strip()


def _over_modules(values: Floats, reduce: Callable[..., Floats]) -> Floats:
    """(steps,) of (modules, steps), NaN where any module has none."""
    found: Floats = reduce(values, axis=0) if len(values) else np.full(values.shape[1], np.nan)
    return found


def _steps(c: ReportContents) -> list[int]:
    return [s.step for s in c.steps]


def _lines(
    key: str,
    title: str,
    explanation: str,
    curves: Sequence[_Curve],
    *,
    share: bool = False,
    marked: bool = False,
    zero: bool = True,
) -> Plot | None:
    """None where no curve has a value."""
    known = [curve for curve in curves if np.isfinite(np.asarray(curve.y, dtype=float)).any()]
    if not known:
        return None
    logarithmic = zero and not share and _spans_decades(known)

    def draw(axes: Axes) -> None:
        for number, curve in enumerate(known):
            _draw_curve(axes, number, curve, marked)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlabel("step")
        if share:
            axes.set_ylim(-0.02, 1.02)
        elif logarithmic:
            axes.set_yscale("log")
            axes.set_ylabel("logarithmic")
        elif zero:
            axes.set_ylim(bottom=0)
        else:  # cosines: near nothing is to look like it
            low, high = axes.get_ylim()
            axes.set_ylim(min(low, -_SMALL_COSINE), max(high, _SMALL_COSINE))
        if len(known) > 1:
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return Plot(key, title, explanation, chart(key, draw))


def _spans_decades(curves: Sequence[_Curve]) -> bool:
    values = np.concatenate([np.asarray(curve.y, dtype=float) for curve in curves])
    values = values[np.isfinite(values)]
    return bool(values.min() > 0 and values.max() > _DECADES * values.min())


def _draw_curve(axes: Axes, number: int, curve: _Curve, marked: bool) -> None:
    """A single value is marked, since no line would show it."""
    values = np.asarray(curve.y, dtype=float)
    known = np.isfinite(values)
    axes.plot(
        curve.x,
        np.where(known, values, np.nan),
        color=CURVES[number % len(CURVES)],
        linestyle=DASHES[(number + number // len(CURVES)) % len(DASHES)],
        marker="o" if marked or known.sum() == 1 else None,
        markersize=3.5,
        label=curve.name,
    )
