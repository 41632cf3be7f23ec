"""What can be done when, and why not the rest."""

from dataclasses import replace

import pytest

from workbench.desktop.shell.situation import (
    NOTHING_CHOSEN,
    Activity,
    Choice,
    Situation,
    ledger_reasons,
    primary,
    reasons,
)

READY = Situation(
    engine_ready=True, model="m", modules=3, facts=10, fresh=10, warmup=5, session=True
)  # fmt: skip


def can(now: Situation) -> set[str]:
    return {name for name, reason in reasons(now).items() if not reason}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"model": ""}, "load-model"),
        ({}, "warm-up"),
        ({"warmup": 0}, "warm-up"),
        ({"warmup": 0, "warmup_edits": True}, "edit"),
        ({"warms_up": False}, "edit"),
        ({"rows": 700}, "edit"),
        ({"rows": 700, "facts": 0, "fresh": 0}, "import"),
        ({"rows": 700, "fresh": 0, "edits": 10, "runs": 2}, "export"),
        ({"activity": Activity.EDITING}, ""),
    ],
)
def test_the_primary_button_is_the_next_sensible_action(changes: dict[str, object], wanted: str) -> None:
    now = replace(READY, **changes)  # type: ignore[arg-type]
    assert primary(now) == wanted
    assert not wanted or wanted == "import" or wanted in can(now)


def test_while_a_run_goes_on_only_its_commands_work() -> None:
    running = replace(READY, activity=Activity.EDITING, runs=1)
    assert can(running) & {"pause", "stop", "discard"} == {"pause", "stop", "discard"}
    assert not can(running) & {"warm-up", "edit", "load-model", "unload-model", "export", "open-session"}
    assert not can(replace(running, stopping=True)) & {"pause", "stop", "discard"}


def test_everything_that_is_off_says_why() -> None:
    for now in (
        Situation(),
        READY,
        replace(READY, read_only=True),
        replace(READY, activity=Activity.RETURNING),
        replace(READY, problem="Step size is 2: give a number above 0 and at most 1."),
    ):
        for reason in reasons(now).values():
            assert reason == "" or (reason[0].isupper() and reason.endswith("."))
    assert "Step size" in reasons(replace(READY, problem="Step size is 2."))["edit"]


def test_a_stopped_run_can_go_on_even_with_no_fresh_fact() -> None:
    assert "edit" not in can(replace(READY, fresh=0))
    assert "edit" in can(replace(READY, fresh=0, unfinished="run 2 from step 3"))


def test_a_warm_up_is_done_once_and_again_where_settings_made_it_useless() -> None:
    warmed = replace(READY, rows=700, runs=1)
    assert "warm-up" not in can(warmed)
    assert "warm-up" in can(replace(warmed, unfit="scope changed"))


STEP = Choice(run=2, left=4, facts=1)


@pytest.mark.parametrize(
    ("now", "choice", "blocked"),
    [
        ({}, {}, {}),
        (
            {},
            {"run": 0},
            dict.fromkeys(("rewind", "branch", "replay", "name-run", "note-run"), NOTHING_CHOSEN),
        ),
        ({"model": ""}, {}, dict.fromkeys(("rewind", "branch", "replay"), "Load a model first.")),
        ({"activity": Activity.EDITING}, {}, dict.fromkeys(("rewind", "branch", "replay"), "Not while")),
        ({"read_only": True}, {}, dict.fromkeys(("rewind", "branch", "replay", "name-run"), "read-only")),
        ({}, {"foreign": "Another model."}, dict.fromkeys(("rewind", "branch", "replay"), "Another model.")),
        ({}, {"amiss": "Within."}, dict.fromkeys(("rewind", "branch"), "Within.")),
        ({}, {"here": True}, {"rewind": "in this state already"}),
        ({}, {"left": 0}, {"branch": "no facts after this"}),
        ({"problem": "Step size is 0."}, {}, {"branch": "Step size is 0."}),
        ({}, {"facts": 0}, {"replay": "Choose the facts to leave out"}),
    ],
)
def test_what_the_ledger_lets_one_do(
    now: dict[str, object], choice: dict[str, object], blocked: dict[str, str]
) -> None:
    told = ledger_reasons(replace(READY, **now), replace(STEP, **choice))  # type: ignore[arg-type]
    for name, reason in told.items():
        assert bool(reason) == (name in blocked or (now.get("read_only") and name == "note-run") or False), (
            name
        )
        assert blocked.get(name, "") in reason


def test_an_engine_that_could_not_be_loaded_is_not_said_to_be_loading() -> None:
    why = reasons(Situation(engine_broken=True))["load-model"]
    assert "could not be loaded" in why
    assert "still being loaded" in reasons(Situation())["load-model"]
