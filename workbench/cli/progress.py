"""Progress on standard error: a bar with rate and ETA on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType

from tqdm import tqdm

from workbench.cli.said import say

PLAIN_INTERVAL = 10.0  # seconds between two plain lines of one piece of work


class ProgressLine:
    """One bar at a time; a new title closes the one before."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._bar: tqdm | None = None
        self._title = ""
        self._began = self._told = 0.0
        self._finished = False

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def update(self, title: str, done: int, total: int, unit: str, detail: str = "") -> None:
        if title != self._title:
            self._start(title, total, unit)
        if self._terminal:
            self._draw(done, total, detail)
        else:
            self._print(done, total, unit, detail)

    def note(self, sentence: str) -> None:
        """A line of its own, above the bar; from any thread."""
        bar = self._bar
        if self._terminal and bar is not None:
            bar.write(sentence, file=sys.stderr)
        else:
            say(sentence)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar, self._title = None, ""

    def _start(self, title: str, total: int, unit: str) -> None:
        self.close()
        self._title, self._began, self._told, self._finished = title, time.monotonic(), 0.0, False
        if self._terminal:
            scale = unit == "bytes"
            self._bar = tqdm(
                total=total or None,
                desc=title,
                unit="B" if scale else f" {unit}",
                unit_scale=scale,
                file=sys.stderr,
                dynamic_ncols=True,
                leave=True,
            )

    def _draw(self, done: int, total: int, detail: str) -> None:
        assert self._bar is not None
        self._bar.total = total or None
        if detail:
            self._bar.set_postfix_str(detail, refresh=False)
        self._bar.update(done - self._bar.n)

    def _print(self, done: int, total: int, unit: str, detail: str) -> None:
        now = time.monotonic()
        finished = bool(total) and done >= total
        if self._finished or (not finished and self._told and now - self._told < PLAIN_INTERVAL):
            return
        self._told, self._finished = now, finished
        seconds = now - self._began
        line = f"{self._title}: {done:,} of {total:,} {unit}" if total else f"{self._title}: {done:,} {unit}"
        if done and seconds > 1:
            line += f", {done / seconds:,.1f} {unit}/s"
            if total > done:
                line += f", about {duration((total - done) * seconds / done)} left"
        say(line + (f" ({detail})" if detail else ""))


def duration(seconds: float) -> str:
    """``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
