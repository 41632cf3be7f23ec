"""Facts that the model of a command can take."""

from collections.abc import Callable, Sequence

from workbench.cli.progress import ProgressLine
from workbench.errors import InputError, UnfitFacts
from workbench.evaluation.encoded import encode_facts, require_warmup_fits
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel


def fitting(
    loaded: LoadedModel, facts: Sequence[Fact], skip: bool, line: ProgressLine, warmup: Sequence[Fact] = ()
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Facts and warm-up facts; with ``skip`` those that are too long for the model are left out and named.

    Raises InputError with all of them without ``skip``, and where no fact is left."""
    refused = [_refused(loaded, facts, encode_facts), _refused(loaded, warmup, require_warmup_fits)]
    if any(refused) and not skip:
        named = [error for error in refused if error]
        apart = " " if sum(len(error.unfit) for error in named) == 1 else "\n  "
        raise InputError(apart.join([*map(str, named), "--skip-unfit leaves such facts out."]))
    for error in filter(None, refused):
        line.note(f"Left out: {error}")
    left, left_warmup = _left(facts, refused[0]), _left(warmup, refused[1])
    if not left:
        raise InputError("No fact is left that this model can take: shorten them or choose another model.")
    return left, left_warmup


def _refused(
    loaded: LoadedModel, facts: Sequence[Fact], encode: Callable[[LoadedModel, Sequence[Fact]], object]
) -> UnfitFacts | None:
    try:
        encode(loaded, facts)
    except UnfitFacts as error:
        return error
    return None


def _left(facts: Sequence[Fact], refused: UnfitFacts | None) -> tuple[Fact, ...]:
    out = {unfit.place for unfit in refused.unfit} if refused else set()
    return tuple(fact for place, fact in enumerate(facts) if place not in out)
