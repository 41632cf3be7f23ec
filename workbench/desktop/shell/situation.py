"""What can be done now, and why not the rest. No Qt."""

from dataclasses import dataclass
from enum import StrEnum


class Activity(StrEnum):
    """What the engine does, in words that follow "while"."""

    NOTHING = ""
    WARMING_UP = "the warm-up goes on"
    EDITING = "the edits go on"
    RETURNING = "the model is brought back to an earlier state"
    PREPARING = "the run is being prepared"


RUNNING = (Activity.WARMING_UP, Activity.EDITING)

NO_ENGINE = "The engine is still being loaded; this takes a few seconds."
ENGINE_BROKEN = (
    "The engine could not be loaded; the notice says why. Repair the installation and start again."
)
NO_MODEL = "Load a model first."
READ_ONLY = "This session is open read-only: save a copy to work on."


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides which actions are possible."""

    engine_ready: bool = False
    engine_broken: bool = False  # it could not be loaded
    model: str = ""  # its name; empty: none is loaded
    modules: int = 0  # ticked
    facts: int = 0
    fresh: int = 0  # facts that no step has touched
    warmup: int = 0
    warms_up: bool = True  # the recipe asks for a warm-up
    warmup_edits: bool = False  # which changes the weights
    rows: int = 0  # answer tokens that the statistics have seen
    warmup_rows: int = 0  # of them, those of a warm-up
    unfit: str = ""  # why the model's state does not fit the settings any more
    activity: Activity = Activity.NOTHING
    keeping: str = ""  # what is done with the session's folder or lists, in words that follow "while"
    paused: bool = False
    stopping: bool = False
    runs: int = 0  # runs whose work is in the model
    edits: int = 0  # facts applied to the model
    unfinished: str = ""  # "run 2 from step 3", where Edit goes on with it
    read_only: bool = False
    problem: str = ""  # of the method's settings
    session: bool = False
    lost: bool = False  # its folder was moved or removed while it was open

    @property
    def engine_reason(self) -> str:
        """Why it is not ready."""
        return ENGINE_BROKEN if self.engine_broken else NO_ENGINE

    @property
    def busy(self) -> str:
        """Why nothing else can be started."""
        if self.activity in RUNNING:
            return f"Not while {self.activity}: pausing is not enough, stop it first."
        return f"Not while {self.activity or self.keeping}." if self.activity or self.keeping else ""

    @property
    def warmed(self) -> bool:
        """There are statistics; of a warm-up or of edits."""
        return self.rows > 0 and not self.unfit


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen in the ledger."""

    run: int = 0  # 0: nothing
    whole: bool = False  # the run itself, not one of its steps
    amiss: str = ""  # why no state of the model belongs to it
    foreign: str = ""  # why the model that is loaded is not the run's
    here: bool = False  # the model is in that state
    left: int = 0  # facts of the run after it
    facts: int = 0  # that a replay could leave out
    going: bool = False  # the run goes on now


NOTHING_CHOSEN = "Choose a run or a step in the ledger."


def ledger_reasons(now: Situation, choice: Choice) -> dict[str, str]:
    """As ``reasons``, for the actions of the ledger."""
    chosen = _first((not choice.run, NOTHING_CHOSEN))
    model = _first(
        (now.read_only, READ_ONLY),
        (not now.engine_ready, now.engine_reason),
        (not now.model, NO_MODEL),
        (now.busy, now.busy),
        (chosen, chosen),
        (choice.foreign, choice.foreign),
    )
    state = model or choice.amiss
    name = _first((now.read_only, READ_ONLY), (now.keeping, now.busy), (chosen, chosen))
    return {
        "rewind": state or _first((choice.here, "The model is in this state already.")),
        "branch": state or _first(
            (now.problem, now.problem), (not choice.left, "The run has no facts after this: choose an earlier step.")
        ),
        "replay": model or _first((not choice.facts, "Choose the facts to leave out, on the right of the ledger or in "
                                   "the facts table.")),
        "name-run": name,
        "note-run": name,
    }  # fmt: skip


def reasons(now: Situation) -> dict[str, str]:
    """Action name → why it cannot be done; empty where it can."""
    return {
        "load-model": _first((not now.engine_ready, now.engine_reason), (now.busy, now.busy)),
        "unload-model": _first((not now.model, "No model is loaded."), (now.busy, now.busy)),
        "warm-up": _warm_up(now),
        "edit": _edit(now),
        "pause": _running(now, "There is nothing to pause."),
        "stop": _stop(now),
        "discard": _discard(now),
        "export": _export(now),
        "calibrate": _study(now),
        "claims": _study(now)
        or _first((not now.facts, "There are no facts to test them with: type or import some.")),
        "new-session": now.busy,
        "open-session": now.busy,
        "save-as": _first((not now.session, "There is nothing to save yet."), (now.busy, now.busy)),
        "duplicate": _first(
            (not now.session, "There is nothing to duplicate yet."),
            (now.lost, "The session's folder was moved or removed: save it as another one."),
            (now.busy, now.busy),
        ),
        "show-folder": "" if now.session else "There is no session yet.",
    }


def primary(now: Situation) -> str:
    """The next sensible action; empty while a run goes on."""
    if now.activity:
        return ""
    if not now.model:
        return "load-model"
    can = reasons(now)
    if now.warms_up and not now.warmed and not can["warm-up"] and not now.edits:
        return "warm-up"
    if not now.facts:
        return "import"
    return next((name for name in ("edit", "export") if not can[name]), "")


def _first(*checks: tuple[object, str]) -> str:
    return next((reason for holds, reason in checks if holds), "")


def _ready(now: Situation) -> str:
    return _first(
        (now.read_only, READ_ONLY),
        (not now.engine_ready, now.engine_reason),
        (not now.model, NO_MODEL),
        (now.busy, now.busy),
        (not now.modules, "Tick at least one module to edit, in the model panel."),
        (now.problem, now.problem),
    )


def _warm_up(now: Situation) -> str:
    return _ready(now) or _first(
        (not now.warms_up, "The method asks for no warm-up."),
        (
            not now.warmup and now.warmup_edits,
            "The warm-up list is empty: import facts into it, as this warm-up edits the model with them.",
        ),
        (
            now.warmed,
            f"The statistics hold {now.rows:,} rows already; Discard run undoes the last run.",
        ),
    )


def _study(now: Situation) -> str:
    return _first(
        (not now.engine_ready, now.engine_reason),
        (not now.model, NO_MODEL),
        (now.busy, now.busy),
        (not now.modules, "Tick at least one module to start from, in the model panel."),
        (now.problem, now.problem),
        (not now.warmup, "The warm-up list is empty: import facts into it."),
    )


def _edit(now: Situation) -> str:
    return _ready(now) or _first(
        (now.unfinished, ""),
        (not now.facts, "There are no facts to edit: type or import some."),
        (not now.fresh, "Every fact is in the model already: add more, or discard the run."),
    )


def _running(now: Situation, nothing: str) -> str:
    return _first((now.activity not in RUNNING, nothing), (now.stopping, "It is stopping already."))


def _stop(now: Situation) -> str:
    can = (*RUNNING, Activity.RETURNING)
    return _first(
        (now.activity not in can, "There is nothing to stop."), (now.stopping, "It is stopping already.")
    )


def _discard(now: Situation) -> str:
    if now.activity in RUNNING:
        return "It is stopping already." if now.stopping else ""
    return _first(
        (now.read_only, READ_ONLY),
        (now.busy, now.busy),
        (not now.runs, "There is no run to discard."),
    )


def _export(now: Situation) -> str:
    return _first(
        (not now.model, NO_MODEL),
        (now.busy, now.busy),
        (not now.edits, "The model holds no edits yet."),
    )
