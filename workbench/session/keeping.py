"""How much a session keeps for quick returns, and what it thins out first."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.session.records import CheckpointRecord
from workbench.settings import check, setting

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Keeping:
    """Steps and facts are never thinned out: every state stays reachable, only the way there gets longer."""

    checkpoint_every: int = setting(
        20,
        "Checkpoint every",
        "After so many steps the whole state is saved, so that returning to a step need not start from the first.",
        unit="steps",
        low=1,
        high=1_000_000,
    )
    budget_gib: float = setting(
        8.0,
        "Space for checkpoints",
        "Beyond it the checkpoint that shortens the way back least is thinned out first; those at the start, after the "
        "warm-up and at the end of a run always stay, and so does every step.",
        unit="GiB",
        low=0,
        high=1e6,
    )

    def __post_init__(self) -> None:
        check(self)


def to_thin_out(kept: Sequence[CheckpointRecord], budget_bytes: float) -> list[CheckpointRecord]:
    """Which go, until the rest fits or only pinned ones and the last of each run are left."""
    left = sorted(kept, key=lambda c: (c.run, c.position))
    gone: list[CheckpointRecord] = []
    total = sum(c.file.bytes for c in left)
    while total > budget_bytes:
        choices = [i for i in range(len(left)) if _may_go(left, i)]
        if not choices:
            break
        least = min(choices, key=lambda i: (_way(left, i), i))
        total -= left[least].file.bytes
        gone.append(left.pop(least))
    return gone


def _may_go(kept: Sequence[CheckpointRecord], i: int) -> bool:
    last_of_run = i + 1 == len(kept) or kept[i + 1].run != kept[i].run
    return not kept[i].pinned and not last_of_run


def _way(kept: Sequence[CheckpointRecord], i: int) -> int:
    """How many steps lie between its neighbours; one of another run or kind counts as the start of this one."""
    before = kept[i - 1].position if i and kept[i - 1].run == kept[i].run else None
    start = before.step if before and before.editing == kept[i].position.editing else 0
    after = kept[i + 1].position
    end = after.step if after.editing == kept[i].position.editing else kept[i].position.step
    return end - start
