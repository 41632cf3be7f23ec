"""What the window holds and the session does not yet. A write that fails leaves it unsaved. No Qt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.desktop.workspace.splice import Splice, splice_between
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.session.folder import Session

Lists = dict[str, list[Fact]]  # "edit" and "warmup" → the facts

_TITLES = {"edit": "facts", "warmup": "warm-up facts"}


@dataclass(slots=True)
class Write:
    """One transaction; the thread that does it sets ``done`` once it is on the disk."""

    before: Lists
    lists: Lists
    values: dict[str, Any]
    changes: int
    done: bool = False

    def into(self, session: "Session") -> None:
        """Raises SessionError, DiskFull; then nothing of it is kept."""
        with session.together():
            for kind, splice in _splices(self.before, self.lists):
                session.splice_facts(kind, splice.start, splice.removed, splice.facts)  # type: ignore[arg-type]
            for name, value in self.values.items():
                session.set_setting(name, value)
        self.done = True


class Unsaved:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}  # settings of the session that wait to be written
        self._changes = self._written = 0  # how often the lists changed, and up to which change they are kept
        self.start_from({"edit": [], "warmup": []})

    def start_from(self, lists: Lists) -> None:
        """These are in the session, and nothing waits."""
        self._kept = lists
        self.values = {}
        self._written = self._changes

    @property
    def facts(self) -> bool:
        return self._changes != self._written

    def __bool__(self) -> bool:
        return self.facts or bool(self.values)

    def touch(self) -> None:
        """The lists changed."""
        self._changes += 1

    def write(self, lists: Lists) -> Write:
        return Write(self._kept, lists, dict(self.values), self._changes)

    def take(self, write: Write) -> None:
        """What came after it still waits; all of it where it was not done."""
        if write.done:
            self._kept, self._written = write.lists, write.changes
            self.values = {
                name: value
                for name, value in self.values.items()
                if write.values.get(name, self) is not value
            }

    def in_words(self, lists: Lists) -> str:
        """``12 changed facts and the settings``."""
        parts = [
            f"{max(splice.removed, len(splice.facts)):,} changed {_TITLES[kind]}"
            for kind, splice in _splices(self._kept, lists)
        ]
        return " and ".join([*parts, "the settings"] if self.values or not parts else parts)


def _splices(before: Mapping[str, list[Fact]], after: Lists) -> Iterator[tuple[str, Splice]]:
    for kind, facts in after.items():
        splice = splice_between(before[kind], facts)
        if splice is not None:
            yield kind, splice
