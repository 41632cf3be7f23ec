"""Widgets of one test are gone before the next."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent


@pytest.fixture(autouse=True)
def nothing_left_to_delete() -> Iterator[None]:
    """Outside an event loop Qt keeps what is to be deleted, and styling it all again makes each test slower."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
