"""Facts in a session are what was put in, in that order, whatever they say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.session.kept_runs import facts
from workbench.errors import SessionError
from workbench.facts.fact import Fact, Probe
from workbench.session.folder import Session

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PROBES = st.lists(st.builds(Probe, TEXT, TEXT, TEXT), max_size=2).map(tuple)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
FACTS = st.lists(st.builds(Fact, TEXT, TEXT, TEXT, TEXT, TEXTS, PROBES, PROBES, TEXTS, TEXT), max_size=6)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Session.create(tmp_path_factory.mktemp("facts") / "s") as opened:
        yield opened


@given(FACTS, FACTS)
@settings(deadline=None, max_examples=60)
def test_lists_come_back_as_they_were(session: Session, edits: list[Fact], warmup: list[Fact]) -> None:
    session.set_facts("edit", edits)
    session.set_facts("warmup", warmup)
    assert session.facts("edit") == edits
    assert session.facts("warmup") == warmup
    assert (session.fact_count("edit"), session.fact_count("warmup")) == (len(edits), len(warmup))
    assert session.facts("edit", 1, 2) == edits[1:3]


@given(st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_splices_do_what_lists_do(session: Session, data: st.DataObject) -> None:
    wanted = facts(6)
    session.set_facts("edit", wanted)
    for _ in range(3):
        start = data.draw(st.integers(0, len(wanted)))
        removed = data.draw(st.integers(0, len(wanted) - start))
        put = data.draw(FACTS)
        session.splice_facts("edit", start, removed, put)
        wanted[start : start + removed] = put
    assert session.facts("edit") == wanted


def test_equal_facts_are_stored_once_and_forgotten_when_unused(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        session.set_facts("edit", facts(3) * 5)
        session.set_facts("warmup", facts(3))
        stored = session._database.rows("SELECT count(*) FROM fact")
        assert stored == [(3,)]
        session.set_facts("edit", facts(1))
        session.set_facts("warmup", [])
        assert session._database.rows("SELECT count(*) FROM fact") == [(1,)]


def test_a_lone_surrogate_is_named_and_nothing_changes(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        session.set_facts("edit", facts(2))
        with pytest.raises(SessionError, match="lone surrogate"):
            session.set_facts("edit", [Fact("fine", "x"), Fact("half \ud83d", "x")])
        with pytest.raises(SessionError, match="lone surrogate"):
            session.splice_facts("edit", 0, 1, [Fact("x", "\udc00")])
        assert session.facts("edit") == facts(2)
