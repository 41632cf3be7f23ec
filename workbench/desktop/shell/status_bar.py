"""The status bar: what goes on and how far it is; device, memory, model, when it was saved."""

import time
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from workbench.desktop.run.progress import RunProgress, time_in_words
from workbench.desktop.theme import mark
from workbench.desktop.widgets import label, row, tip
from workbench.desktop.words import GIB

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel

LOOK_MS = 1_000  # between two looks at memory and clock
SCALE = 1_000


class StatusBar(QStatusBar):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status-bar")
        self.setSizeGripEnabled(False)
        names = ("activity", "count", "pace", "device", "memory", "model", "saved")
        self.labels = {name: label(wrap=False) for name in names}
        for name, part in self.labels.items():
            part.setObjectName(f"status-{name}")
            part.setContentsMargins(6, 0, 6, 0)
        self.bar = QProgressBar(textVisible=False, maximum=SCALE)
        self.bar.setObjectName("status-bar-progress")
        self.bar.setAccessibleName("Progress")
        self.bar.setFixedWidth(160)
        self.bar.hide()
        going_on = QWidget()  # as a whole, so that no part of it shows through the sentence of a hover
        going_on.setObjectName("status-going-on")
        parts = (self.labels["activity"], self.labels["count"], self.bar, self.labels["pace"])
        going_on.setLayout(row(*parts, 1, spacing=0))
        going_on.setContentsMargins(6, 0, 0, 0)
        self.addWidget(going_on, 1)
        for name in ("model", "device", "memory", "saved"):
            self.addPermanentWidget(self.labels[name])
        self.setContentsMargins(0, 0, 8, 0)
        self._loaded: LoadedModel | None = None
        self._saved_at: float | None = None
        self._unsaved = ""
        self._process = psutil.Process()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self.messageChanged.connect(self._keep_progress_in_sight)
        self._timer.start()
        self._look()

    def show_activity(self, words: str, level: str = "") -> None:
        self.labels["activity"].setText(words)
        mark(self.labels["activity"], level=level)

    def show_progress(self, progress: RunProgress, running: bool) -> None:
        share = progress.share()
        self.bar.setVisible(running)
        self._keep_progress_in_sight()
        self.bar.setRange(0, 0 if running and share is None else SCALE)
        if share is not None:
            self.bar.setValue(round(share * SCALE))
        self.labels["count"].setText(progress.count() if running else "")
        self.labels["pace"].setText(progress.times() if running else "")

    def show_ahead(self, words: str) -> None:
        """What is read while nothing else goes on."""
        if self.bar.isHidden():
            self.labels["count"].setText(words)

    def show_model(self, loaded: "LoadedModel | None", name: str) -> None:
        self._loaded = loaded
        self.labels["model"].setText(name)
        self.labels["device"].setText("" if loaded is None else _device_name(loaded))
        self._look()

    def show_saved(self, at: float | None, words: str = "") -> None:
        """``at``: time.monotonic of the last save; ``words`` in its place where nothing is saved."""
        self._saved_at = at
        self._unsaved = words
        self._look()

    @Slot()
    def _keep_progress_in_sight(self) -> None:
        """The sentence of a hover would hide it, over the very button that began the work."""
        if self.currentMessage() and not self.bar.isHidden():
            self.clearMessage()

    @Slot()
    def _look(self) -> None:
        used, total, help = _memory(self._process, self._loaded)
        self.labels["memory"].setText(f"{used / GIB:.1f} of {total / GIB:.1f} GiB")
        self.labels["memory"].setToolTip(tip(help))
        if self._saved_at is None:
            self.labels["saved"].setText(self._unsaved)
        else:
            ago = time.monotonic() - self._saved_at
            self.labels["saved"].setText("saved just now" if ago < 2 else f"saved {time_in_words(ago)} ago")


def _device_name(loaded: "LoadedModel") -> str:
    if loaded.device.type != "cuda":
        return {"cpu": "CPU", "mps": "Apple GPU"}.get(loaded.device.type, loaded.device.type)
    from workbench.models.machine import device_title

    return device_title(loaded.device)


def _memory(process: psutil.Process, loaded: "LoadedModel | None") -> tuple[int, int, str]:
    """(bytes used, bytes there are, what they are)."""
    if loaded is not None and loaded.device.type == "cuda":
        from workbench.models.machine import total_memory
        from workbench.models.memory import free_memory

        total = total_memory(loaded.device)
        return total - free_memory(loaded.device), total, "Memory of the GPU in use, by all programs"
    return process.memory_info().rss, psutil.virtual_memory().total, "Main memory that the workbench uses"
