"""What the ledger dock reads from the session, in a worker."""

from typing import TYPE_CHECKING

from workbench.desktop.ledger.step_facts import RunFacts
from workbench.desktop.run.fact_states import STATES
from workbench.evaluation.fact_history import FATES

if TYPE_CHECKING:
    from workbench.session.folder import Session


def facts_of_run(session: "Session", run: int) -> RunFacts:
    """Raises SessionError where the session has no such run."""
    from workbench.session.ledger import fact_history

    job, history = session.job(run), fact_history(session, session.run(run))
    states = [STATES[FATES[code]] for code in history.fates().tolist()]
    return RunFacts(run, job.facts, job.warmup, states, history)
