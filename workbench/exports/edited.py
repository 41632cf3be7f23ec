"""What is exported: a model in an edited state, and the run that its facts and scores come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.errors import ExportError
from workbench.models.loaded import LoadedModel
from workbench.models.provenance import Provenance
from workbench.session.provenance import rebuilt_provenance, session_provenance
from workbench.session.records import RunRecord

if TYPE_CHECKING:
    from workbench.editing.editor import Editor
    from workbench.session.folder import Session
    from workbench.session.rebuild import Rebuilt

NO_EDITS = "The model holds no edits yet: edit some facts first."


@dataclass(frozen=True, slots=True)
class EditedModel:
    editor: "Editor" = field(repr=False)
    session: "Session" = field(repr=False)
    run: RunRecord  # whose facts the model is scored on
    step: int  # its editing steps that are in the model
    card: Provenance

    @property
    def loaded(self) -> LoadedModel:
        return self.editor.loaded

    @property
    def facts(self) -> int:
        """How many of the run's facts are in the model."""
        return self.session.facts_after(self.run.id, self.step)


def rebuilt_model(session: "Session", rebuilt: "Rebuilt") -> EditedModel:
    """A state that a session brought back."""
    position = rebuilt.position
    card = rebuilt_provenance(session, rebuilt, rebuilt.editor.loaded)
    return EditedModel(rebuilt.editor, session, rebuilt.run, position.step if position.editing else 0, card)


def model_at_hand(
    session: "Session", editor: "Editor", runs: Sequence[int], cuts: Mapping[int, int] | None = None
) -> EditedModel:
    """After ``runs``, one after the other; ``cuts``: run → the editing step up to which it counts, where not all of it
    does. Raises ExportError where none of them edited facts."""
    records, cuts = [session.run(run) for run in runs], cuts or {}
    steps = {r.id: cuts.get(r.id, r.steps_done) for r in records}
    edited = [record for record in records if record.facts and steps[record.id]]
    if not edited:
        raise ExportError(NO_EDITS)
    names = [m.name for m in editor.modules]
    card = session_provenance(session, editor.loaded, editor.recipe, names, runs, cuts)
    return EditedModel(editor, session, edited[-1], steps[edited[-1].id], card)
