"""A calibration's front as text, with the presets and the person's settings beside it."""

from workbench.studies.calibration import Calibration, Point
from workbench.studies.front import CHOICE_RULE

_HEAD = ("", "ES", "kept", "perplexity", "γ", "λ", "β", "η", "η₀", "passes", "floor", "modules")


def calibration_table(result: Calibration) -> str:
    """One line a point: those of the front by edit success, then what else was to be measured."""
    fixed = [
        i for i, p in enumerate(result.points) if p.kind in ("preset", "choice") and i not in result.front
    ]
    rows = [
        _HEAD,
        ("Unedited", f"{result.unedited_success:.3f}", "1.000", _perplexity(result.unedited_perplexity, 1)),
    ]
    rows += [_row(result, i) for i in (*result.front, *fixed)]
    rows = [(*row, *[""] * (len(_HEAD) - len(row))) for row in rows]
    widths = [max(len(row[c]) for row in rows) for c in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", *_sentences(result)])


def _row(result: Calibration, i: int) -> tuple[str, ...]:
    point = result.points[i]
    mark = "→ " if i == result.chosen else "  "
    place = "" if i in result.front else ", given up" if point.gave_up else ", behind the front"
    r = point.recipe
    return (
        f"{mark}{point.title}{place}",
        f"{point.success:.3f}",
        f"{point.kept:.3f}",
        _perplexity(point.perplexity, point.ratio),
        *(
            f"{value:g}"
            for value in (r.step_size, r.ridge, r.protection, r.memory, r.warmup_memory, r.passes, r.floor)
        ),
        r.modules,
    )


def _perplexity(value: float, ratio: float) -> str:
    return f"{value:.1f} (× {ratio:.2f})"


def _sentences(result: Calibration) -> list[str]:
    lines = [f"{len(result.points):,} points in {result.seconds:,.0f} s, {len(result.front)} on the front; "
             f"hypervolume {result.hypervolume:.4f} against {result.reference}."]  # fmt: skip
    chosen = result.chosen_point
    if chosen is None:
        return [
            *lines,
            "No point keeps the model sound and makes edits take: try another step size to start from.",
        ]
    lines.append(f"→ {CHOICE_RULE}")
    lines += [_held_out(result.points[h.point], h.success, h.kept, h.ratio) for h in result.held_out]
    return lines


def _held_out(point: Point, success: float, kept: float, ratio: float) -> str:
    return f"Held-out facts, {point.title}: ES {success:.3f}, kept {kept:.3f}, perplexity × {ratio:.2f}."
