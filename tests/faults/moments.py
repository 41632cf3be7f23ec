"""The moments of a run at which a program can end, and what each kept step left in the weights."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from workbench.editing.editor import Editor
from workbench.errors import NonFinite
from workbench.session import recorder
from workbench.session.records import StepRecord
from workbench.session.runs_table import RunsTable
from workbench.session.tensor_files import keep_tensors

WRITES = ("start", "keep_step", "drop_step", "report", "keep_scores", "keep_checkpoint", "go_on", "end")


class Crashed(BaseException):
    """The program is gone; the session's folder as it was then is at ``copy``."""


@dataclass(slots=True)
class Moments:
    """Counts what is written to the disk; before or after the write ``crash_at`` the folder is copied and all ends."""

    kept: Callable[[StepRecord], None]  # a step is in the weights and about to be in the session
    started: Callable[
        [int], None
    ]  # a run is in the session, and the editor is in the state that it begins with
    crash_at: int | None = None
    fail_at: int | None = None  # the shifts that come out not finite, from 0
    folder: Path = Path()
    copy: Path = Path()
    seen: int = 0
    solved: int = 0
    crashed: bool = False

    def pass_by(self) -> None:
        here, self.seen = self.seen, self.seen + 1
        if self.crash_at == here and not self.crashed:
            self.crash()

    def crash(self) -> None:
        self.crashed = True
        shutil.copytree(self.folder, self.copy)
        raise Crashed

    @contextmanager
    def installed(self) -> Iterator[None]:
        """In place of the session's own writes, each of which they call."""
        with ExitStack() as stack:
            stack.enter_context(patch.object(recorder, "keep_tensors", self._around(keep_tensors)))
            stack.enter_context(patch.object(Editor, "shifts", self._solving(Editor.shifts)))
            for name in WRITES:
                stack.enter_context(patch.object(RunsTable, name, self._written(name)))
            yield

    def _around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def write(*given: Any, **options: Any) -> Any:
            self.pass_by()
            done = work(*given, **options)
            self.pass_by()
            return done

        return write

    def _written(self, name: str) -> Callable[..., Any]:
        write = getattr(RunsTable, name)

        def noted(table: RunsTable, *given: Any) -> Any:
            done = write(table, *given)
            if name == "keep_step" and not self.crashed:
                self.kept(given[0])
            if name == "start" and not self.crashed:
                self.started(done)
            return done

        return self._around(noted)

    def _solving(self, solve: Callable[..., Any]) -> Callable[..., Any]:
        def shifts(editor: Editor, *given: Any) -> Any:
            here, self.solved = self.solved, self.solved + 1
            if self.fail_at == here:
                raise NonFinite("The shift is not finite and was not applied.")
            return solve(editor, *given)

        return shifts
