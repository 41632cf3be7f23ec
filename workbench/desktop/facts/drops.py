"""Files dragged onto the window."""

from pathlib import Path

from PySide6.QtGui import QDropEvent


def local_file(event: QDropEvent) -> Path | None:
    """The one file that is dragged; None for several, or for what is no file."""
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    return Path(urls[0].toLocalFile()) if len(urls) == 1 else None
