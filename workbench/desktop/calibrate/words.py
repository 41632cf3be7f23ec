"""A calibration's points and end, as sentences."""

from workbench.facts.text import count
from workbench.studies.calibration import Calibration, Point


def point_in_words(point: Point) -> str:
    """Scores, then settings."""
    r = point.recipe
    perplexity = f"perplexity {point.perplexity:.1f} (× {point.ratio:.2f})"
    scores = f"{point.title}: ES {point.success:.3f}, kept {point.kept:.3f}, {perplexity}."
    numbers = {"γ": r.step_size, "λ": r.ridge, "β": r.protection, "η": r.memory, "floor": r.floor}
    settings = " · ".join(f"{symbol} {value:g}" for symbol, value in numbers.items())
    return f"{scores}\n{r.modules} · {settings}"


def result_in_words(result: Calibration) -> str:
    """What was found, and what the held-out facts say of the point to take."""
    lost = sum(bool(p.gave_up) for p in result.points)
    sentences = [
        f"{'Stopped: ' if result.stopped else ''}{count(len(result.points), 'point')}, {len(result.front)} on the front"
        + (f", {lost} given up early." if lost else ".")
    ]
    if result.chosen is None:
        return f"{sentences[0]} None of them keeps the model sound and makes edits take: start from another step size."
    for held in result.held_out:
        if held.point == result.chosen:
            sentences.append(
                f"On facts held out, {result.points[held.point].title} gives ES {held.success:.3f}, kept "
                f"{held.kept:.3f}, perplexity × {held.ratio:.2f}."
            )
    return " ".join([*sentences, result.note]).strip()
