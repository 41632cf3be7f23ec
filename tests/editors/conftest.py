from pathlib import Path

import numpy as np
import pytest

from tests.editors.toy import Vectors


@pytest.fixture(scope="session")
def vectors(shared_data: Path) -> Vectors:
    with np.load(shared_data / "parity" / "editors" / "editors.npz") as stored:
        return {name: stored[name] for name in stored.files}
