"""The compared runs as a table for a spreadsheet, and what is shown of them as a picture."""

import csv
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import QWidget

from workbench.desktop.compare.columns import Column, Value
from workbench.desktop.compare.reading import Candidate
from workbench.desktop.plots.export import neutral, number, write_png
from workbench.desktop.plots.plot import Plot
from workbench.storage.partials import whole_file


def write_table(found: Sequence[Candidate], columns: Sequence[Column], path: Path) -> None:
    """UTF-8, a row a run, scores also as they were before any edit, in full resolution. Raises OSError."""
    names = [name for c in columns for name in ((c.key, f"{c.key}_before") if c.before else (c.key,))]
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "session", "note", *names])
        for one in found:
            record = one.compared.record
            cells = [
                _cell(value)
                for c in columns
                for value in ((c.value(one), c.before(one)) if c.before else (c.value(one),))
            ]
            writer.writerow(
                [neutral(one.name), neutral(str(one.compared.session)), neutral(record.note), *cells]
            )


def write_picture(shown: QWidget, path: Path) -> None:
    """Twice as fine as on the screen where it is a plot. Raises OSError."""
    with whole_file(path) as partial:
        if isinstance(shown, Plot):
            write_png(shown, partial)
        elif not QImageWriter(str(partial), b"png").write(shown.grab().toImage()):
            raise OSError("the picture cannot be encoded")


def _cell(value: Value) -> object:
    return neutral(value) if isinstance(value, str) else number(value)
