"""The facts of a run are found in the table whatever is done to the table meanwhile."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.desktop.facts import prepared
from workbench.desktop.facts.store.fact_list import FactList, Rows
from workbench.desktop.run.fact_states import FactStates
from workbench.facts.fact import Fact


def facts(first: int, count: int) -> list[Fact]:
    return [Fact(f"fact {i} is", "so") for i in range(first, first + count)]


@given(st.data())
def test_whatever_is_added_taken_out_and_put_back(data: st.DataObject) -> None:
    table = FactList()
    table.append(prepared(facts(0, 8)))
    states = FactStates(SimpleNamespace(facts=table))  # type: ignore[arg-type]
    run = sorted(data.draw(st.sets(st.integers(0, 7), min_size=1)))
    of_run = [table[i] for i in run]
    states.stand(np.array(run))
    taken: list[tuple[np.ndarray, Rows]] = []
    for number in range(data.draw(st.integers(1, 8))):
        match data.draw(st.sampled_from(["insert", "remove", "undo", "replace"])):
            case "insert":
                at = data.draw(st.integers(0, len(table)))
                table.insert(np.arange(at, at + 2), table.untouched(prepared(facts(100 + 2 * number, 2))))
                taken.clear()
            case "remove" if len(table):
                gone = np.array(
                    sorted(data.draw(st.sets(st.integers(0, len(table) - 1), max_size=4))), np.int64
                )
                taken.append((gone, table.remove(gone)))
            case "undo" if taken:
                table.insert(*taken.pop())
            case "replace" if len(table):
                place = data.draw(st.integers(0, len(table) - 1))
                table.replace(
                    np.array([place]), table.untouched(prepared([Fact(f"other {number} is", "not")]))
                )
        for fact, row in zip(of_run, states.rows.tolist(), strict=True):
            assert row == (list(table).index(fact) if fact in list(table) else -1)
        assert states.complete == all(fact in list(table) for fact in of_run)
