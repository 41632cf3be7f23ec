"""What the ledger dock reads from the session, in a worker."""

from typing import TYPE_CHECKING

import numpy as np

from workbench.desktop.ledger.step_facts import RunFacts

if TYPE_CHECKING:
    from workbench.session.folder import Session


def facts_of_run(session: "Session", run: int) -> RunFacts:
    """Raises SessionError where the session has no such run."""
    from workbench.session.ledger import scores_behind

    job, record = session.job(run), session.run(run)
    scores = [s for s in scores_behind(session, record) if s.step]
    exact = scores[-1].per_fact.exact if scores else np.empty(0)
    return RunFacts(run, job.facts, job.warmup, exact)
