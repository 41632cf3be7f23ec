"""Progress and cancellation of long model operations."""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any, Self

from transformers import modeling_gguf_pytorch_utils as gguf_reading
from transformers.utils import logging as transformers_logging

from workbench.errors import Cancelled
from workbench.storage.log_file import take_over_libraries


@dataclass(frozen=True, slots=True)
class LoadProgressed:
    """``done`` of ``total`` units of one stage; ``total`` is 0 while it is not known."""

    stage: str  # "downloading", "hashing the weights", …
    done: int
    total: int
    unit: str = "bytes"  # or "tensors", "files"


Progress = Callable[[LoadProgressed], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """Who listens to a long operation, and what stops it."""

    progress: Progress | None = None
    cancel: Event | None = None

    def check(self) -> None:
        """Raises Cancelled once the person asked to stop."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("Stopped; nothing was changed.")

    def report(self, stage: str, done: int, total: int, unit: str = "bytes") -> None:
        self.check()
        if self.progress is not None:
            self.progress(LoadProgressed(stage, done, total, unit))


class _Bar:
    """Stands in for tqdm inside transformers: reports to a Watch and prints nothing."""

    def __init__(self, watch: Watch, stage: str, items: Iterable[Any] = (), total: int | None = None) -> None:
        self.watch, self.stage, self.items, self.done = watch, stage, items, 0
        self.total = total or (len(items) if isinstance(items, Sized) else 0)

    def __iter__(self) -> Iterator[Any]:
        for item in self.items:
            yield item
            self.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_, **__: None  # set_description, close, refresh, …

    def update(self, n: int = 1) -> None:
        self.done += n
        self.watch.report(self.stage, self.done, self.total, "tensors")


take_over_libraries()  # whatever loads a model imports this module


@contextmanager
def quiet(watch: Watch, stage: str) -> Iterator[None]:
    """transformers draws nothing within it: its progress bars become reports of ``stage``.

    Bars are looked at between tensors, so this is also where cancelling takes effect.
    """

    def bar(items: Iterable[Any] = (), *_: Any, total: int | None = None, **__: Any) -> _Bar:
        return _Bar(watch, stage, items, total)

    def hook(_factory: object, args: tuple[Any, ...], settings: dict[str, Any]) -> _Bar:
        return bar(*args, **settings)

    previous = transformers_logging.set_tqdm_hook(hook)
    gguf_bar = vars(gguf_reading)["tqdm"]  # it takes no notice of the hook
    vars(gguf_reading)["tqdm"] = bar
    try:
        yield
    finally:
        vars(gguf_reading)["tqdm"] = gguf_bar
        transformers_logging.set_tqdm_hook(previous)
