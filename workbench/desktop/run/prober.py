"""The probe dock's way to the two models, beside a run that goes on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.probe.prober import Answer, Odds, Side
from workbench.runner.bench import Bench

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel

MOST_TOKENS = 48


class BenchProber:
    """Waits for the end of a minibatch; the run waits while an answer is written."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def next_tokens(self, side: Side, prompt: str, count: int, cancel: Event) -> Odds:
        from workbench.evaluation.probing import next_tokens

        with self._model(side, cancel) as loaded:
            return next_tokens(loaded, prompt, count)

    def stream(self, side: Side, prompt: str, cancel: Event) -> Iterator[str]:
        from workbench.evaluation.probing import stream

        with self._model(side, cancel) as loaded:
            yield from stream(loaded, prompt, MOST_TOKENS, cancel)

    def answers(self, side: Side, probes: Sequence[tuple[str, str]], cancel: Event) -> Iterator[Answer]:
        from workbench.evaluation.asking import ask

        for prompt, expected in probes:
            with self._model(side, cancel) as loaded:
                found = ask(loaded, prompt, expected, cancel)
            yield Answer(found.text, found.agrees, found.first_token)

    def _model(self, side: Side, cancel: Event) -> "AbstractContextManager[LoadedModel]":
        return self._bench.original(cancel) if side is Side.ORIGINAL else self._bench.edited(cancel)
