"""The model at hand and its session, as exports see them from a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from workbench.errors import ExportError
from workbench.runner.bench import Bench

if TYPE_CHECKING:
    from workbench.exports.edited import EditedModel
    from workbench.session.folder import Session

NO_MODEL = "The session's model is not loaded: load it first."


class ExportSource:
    """For as long as one dialog is open: nothing edits the model meanwhile."""

    def __init__(self, bench: Bench, session: "Session") -> None:
        self.bench, self.session = bench, session
        self._described: EditedModel | None = None  # reading a long session's steps takes its time

    @property
    def unavailable(self) -> str:
        """Why the edited model cannot be exported."""
        if self.bench.loaded is None:
            return NO_MODEL
        try:
            self.described()
        except ExportError as error:
            return str(error)
        return ""

    def described(self) -> "EditedModel":
        """For what is said of it in the window; weights are only touched within ``edited``. Raises ExportError."""
        from workbench.exports.edited import NO_EDITS, model_at_hand

        if self.bench.editor is None:
            raise ExportError(NO_EDITS)
        if self._described is None or self._described.editor is not self.bench.editor:
            self._described = model_at_hand(
                self.session, self.bench.editor, self.bench.chain, self.bench.cuts
            )
        return self._described

    @contextmanager
    def edited(self, cancel: Event) -> "Iterator[EditedModel]":
        """In a worker: nobody else uses the model within it, and a core is left for the window."""
        from workbench.models.machine import give_way

        give_way()
        with self.bench.edited(cancel):
            yield self.described()
