"""What the actions of a run are called, which changes with what they would do."""

from PySide6.QtGui import QAction

from workbench.desktop.actions import WindowActions
from workbench.desktop.shell.situation import Activity, Situation
from workbench.desktop.theme import icon


def say_what_they_do(actions: WindowActions, now: Situation) -> None:
    warmed = now.warmed and now.warmup_rows > 0 and not now.activity
    actions["warm-up"].setText(f"Warmed up · {now.warmup_rows:,} rows" if warmed else "Warm up")
    _set_icon(actions["warm-up"], "check" if warmed else "warm-up")
    actions["edit"].setText("Go on editing" if now.unfinished else "Edit")
    if actions["edit"].isEnabled():
        fresh = f"Apply {now.fresh:,} facts to the model, step after step"
        actions.say("edit", f"Go on with {now.unfinished}" if now.unfinished else fresh)
    actions["pause"].setText("Resume" if now.paused else "Pause")
    _set_icon(actions["pause"], "play" if now.paused else "pause")
    if now.paused and actions["pause"].isEnabled():
        actions.say("pause", "Continue from where it paused")
    back = now.activity is Activity.RETURNING
    actions["stop"].setText("Stopping…" if now.stopping else "Stop" if back else "Stop after this step")
    if back and actions["stop"].isEnabled():
        actions.say("stop", "Leave the model as it was")


def _set_icon(action: QAction, name: str) -> None:
    if action.property("icon-name") != name:
        action.setProperty("icon-name", name)
        action.setIcon(icon(name))
