"""What to edit: facts, the files they come from, and what is wrong with them."""

from workbench.facts.conflicts import Conflicts, find_conflicts, resolve
from workbench.facts.fact import Fact, Probe
from workbench.facts.forms import FORMS, Form
from workbench.facts.mapping import Mapping, guess
from workbench.facts.reading import FactReader, inspect, load, read
from workbench.facts.summary import BadRow, FileSummary, Import, ImportOptions
from workbench.facts.writing import write_bad_rows, write_csv, write_jsonl

__all__ = [
    "FORMS",
    "BadRow",
    "Conflicts",
    "Fact",
    "FactReader",
    "FileSummary",
    "Form",
    "Import",
    "ImportOptions",
    "Mapping",
    "Probe",
    "find_conflicts",
    "guess",
    "inspect",
    "load",
    "read",
    "resolve",
    "write_bad_rows",
    "write_csv",
    "write_jsonl",
]
