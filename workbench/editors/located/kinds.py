"""The located editors as the workbench finds them. Needs no torch."""

from workbench.editing.kinds import EditorKind
from workbench.editors.located.settings import AlphaEditSettings, MemitSettings, RomeSettings

_HEEDED = frozenset(
    ("budget", "ending", "batch", "evaluate_every", "on_error", "seed", "modules")
)  # of Recipe
_EDITOR, _SOLVER = "workbench.editors.located.editor:LocatedEditor", "workbench.editors.located.solver"
_EARLY, _EARLIEST = (0.12, 0.26), (0.15, 0.18)  # layers 4 to 8, and 5, of 32

MEMIT = EditorKind("memit", "MEMIT", _EDITOR, f"{_SOLVER}:SpreadSolver", MemitSettings, _HEEDED, _EARLY)
ALPHAEDIT = EditorKind(
    "alphaedit", "AlphaEdit", _EDITOR, f"{_SOLVER}:SpreadSolver", AlphaEditSettings, _HEEDED, _EARLY
)
ROME = EditorKind("rome", "ROME", _EDITOR, f"{_SOLVER}:RomeSolver", RomeSettings, _HEEDED, _EARLIEST)
