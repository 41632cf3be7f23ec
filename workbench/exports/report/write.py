"""The report as a folder: report.html and the tables beside it."""

from pathlib import Path
from threading import Event

from workbench.exports.places import new_folder
from workbench.exports.report.contents import ReportContents
from workbench.exports.report.page import page
from workbench.exports.report.plots import plots
from workbench.exports.report.tables import write_tables
from workbench.models.progress import Progress, Watch

PAGE = "report.html"


def export_report(
    contents: ReportContents,
    destination: Path,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Path:
    """The page's path. Raises ExportError, DiskFull or Cancelled; nothing is left then."""
    watch = Watch(progress, cancel)
    destination = destination.expanduser().absolute()
    with new_folder(destination, report_bytes(contents), "The report") as partial:
        drawn = plots(contents, watch)
        watch.report("writing the report", 0, 1, "files")
        (partial / PAGE).write_text(page(contents, drawn), "utf-8", errors="replace")
        write_tables(partial, contents, watch)
        watch.report("writing the report", 1, 1, "files")
    return destination / PAGE


def report_bytes(contents: ReportContents) -> int:
    """About what it takes."""
    return (1 << 20) + 400 * len(contents.facts) + 400 * len(contents.steps) * (1 + len(contents.modules))
