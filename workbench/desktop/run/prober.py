"""The probe dock's way to the two models, beside a run that goes on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.probe.prober import Answer, Odds, Question, Side
from workbench.evaluation.manner import Manner
from workbench.runner.bench import Bench

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel


class BenchProber:
    """Waits for the end of a minibatch; the run waits while an answer is written."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def has_chat(self) -> bool:
        from workbench.models.chat import has_chat

        return self._bench.loaded is not None and has_chat(self._bench.loaded.tokenizer)

    def next_tokens(self, side: Side, prompt: str, manner: Manner, count: int, cancel: Event) -> Odds:
        from workbench.evaluation.probing import next_tokens

        with self._model(side, cancel) as loaded:
            return next_tokens(loaded, prompt, count, manner)

    def stream(self, side: Side, prompt: str, manner: Manner, cancel: Event) -> Iterator[str]:
        from workbench.evaluation.probing import stream

        with self._model(side, cancel) as loaded:
            yield from stream(loaded, prompt, manner, cancel)

    def answers(self, side: Side, questions: Sequence[Question], cancel: Event) -> Iterator[Answer]:
        from workbench.evaluation.asking import ask

        editor = self._bench.editor
        system = editor.recipe.system_prompt if editor is not None else ""
        for asked in questions:
            with self._model(side, cancel) as loaded:
                found = ask(loaded, asked.prompt, asked.expected, cancel, Manner(asked.chat, system))
            yield Answer(found.text, found.agrees, found.first_token, found.read)

    def _model(self, side: Side, cancel: Event) -> "AbstractContextManager[LoadedModel]":
        return self._bench.original(cancel) if side is Side.ORIGINAL else self._bench.edited(cancel)
