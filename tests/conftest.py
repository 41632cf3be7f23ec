"""Every test runs without a display or network and in a home of its own, away from the person's."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.models.loaded import LoadedModel

_HOME = "WORKBENCH_TEST_HOME"  # set for the whole run; processes and workers started by it share the folder
_OF_ONE_TEST = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
_SECONDS_TO_END = 2.0
_HANG_UP = getattr(signal, "SIGHUP", None)  # not everywhere


def _isolate() -> bool:
    """Runs before Qt, torch and huggingface_hub are imported, which read it once. True: it made the home."""
    made = _HOME not in os.environ
    if made:
        os.environ[_HOME] = tempfile.mkdtemp(prefix="workbench-tests-")
    home = os.environ[_HOME]
    os.environ |= {"HOME": home, "XDG_CACHE_HOME": f"{home}/cache", "HF_HOME": f"{home}/huggingface"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    share = (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    asked = os.environ.get("OMP_NUM_THREADS", "4")
    os.environ["OMP_NUM_THREADS"] = str(max(1, min(share, int(asked))))
    return made


_made_home = _isolate()


def _heed_signals() -> None:
    """A run of the tests in the background ignores what the programs under test are to be ended by."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (_HANG_UP, signal.SIG_DFL)):
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


_heed_signals()


def pytest_unconfigure() -> None:
    if _made_home:
        shutil.rmtree(os.environ.pop(_HOME), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "starter" in getattr(item, "fixturenames", ()):
            item.add_marker("starter")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fresh settings, data and state for each test; the cache, with the converted starter, is the run's."""
    folder = tmp_path_factory.mktemp("home")
    for name in _OF_ONE_TEST:
        place = folder / name.lower()
        place.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(place))
    return folder


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """A thread that is not a daemon would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    new = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in new:
        thread.join(_SECONDS_TO_END)
    left = [thread.name for thread in new if thread.is_alive()]
    assert not left, f"the test left threads running: {', '.join(left)}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The benchmark data beside the checkout, or where STABLEEDIT_SHARED says."""
    folder = Path(os.environ.get("STABLEEDIT_SHARED") or Path(__file__).parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}")
    return folder


@pytest.fixture(scope="session")
def _starter_and_state() -> "tuple[LoadedModel, dict[str, Tensor]]":
    from workbench.models.loading import load

    loaded = load("starter", device="cpu", dtype="float32")
    return loaded, {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}


@pytest.fixture
def starter(_starter_and_state: "tuple[LoadedModel, dict[str, Tensor]]") -> "Iterator[LoadedModel]":
    """The starter model on the CPU in float32, loaded once. A test may edit it: its weights are put back."""
    loaded, state = _starter_and_state
    yield loaded
    loaded.model.load_state_dict(state)
    loaded.model.requires_grad_(False).eval()
