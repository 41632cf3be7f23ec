"""Against a hub of our own on this computer: the library's real client, no network."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import torch
from huggingface_hub import constants
from huggingface_hub.utils import close_session  # type: ignore[attr-defined]

from tests.tiny import tiny_model
from workbench.errors import Cancelled, DiskFull, ModelLoadError
from workbench.models import catalogue, hub
from workbench.models.loading import load
from workbench.models.outline import outline
from workbench.models.progress import LoadProgressed

pytestmark = pytest.mark.usefixtures("own_cache")
Writer = Callable[..., Path]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class FakeHub:
    """Answers as a model hub does, for one public repository with the files of ``folder``."""

    folder: Path | None = None
    status: int = 200  # other: what it answers to every question
    gated: bool = False
    fetched: list[str] = field(default_factory=list)
    asked: str = ""  # of its search


def handler_of(state: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def refuse(self) -> None:
            if state.status == 200:
                return self.answer(404, X_Error_Code="RepoNotFound")
            return self.answer(state.status)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            if path == "/api/models" and state.status == 200:
                state.asked = self.path
                return self.answer(200, json.dumps([{"id": "org/model"}, {"id": "org/other"}]).encode())
            if state.gated:
                return self.answer(403, b"gated", X_Error_Code="GatedRepo")
            if state.status != 200 or state.folder is None or not re.search("/?org/model", path):
                return self.refuse()
            files = {f.name: f for f in state.folder.iterdir()}
            if path.startswith("/api/models/"):
                siblings = [{"rfilename": n, "size": f.stat().st_size} for n, f in files.items()]
                return self.answer(
                    200, json.dumps({"id": "org/model", "sha": COMMIT, "siblings": siblings}).encode()
                )
            name = path.rpartition("/")[2]
            if name not in files:
                return self.answer(404, X_Error_Code="EntryNotFound")
            if self.command == "GET":
                state.fetched.append(name)
            body = files[name].read_bytes()
            return self.answer(200, body, ETag=f'"{sha256(body).hexdigest()}"', X_Repo_Commit=COMMIT)

    return Handler


def point_at(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    endpoint = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )


@pytest.fixture
def online(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    assert hub_cache
    state = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(state))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    point_at(monkeypatch, server.server_port)
    close_session()
    try:
        yield state
    finally:
        close_session()
        server.shutdown()
        server.server_close()
        thread.join()


def put_into_cache(cache: Path, folder: Path, repository: str = "org/model") -> Path:
    """The hub's own layout: blobs, a snapshot of links to them, and a ref."""
    store = cache / f"models--{repository.replace('/', '--')}"
    snapshot = store / "snapshots" / COMMIT
    for place in (store / "blobs", snapshot, store / "refs"):
        place.mkdir(parents=True)
    (store / "refs" / "main").write_text(COMMIT)
    for file in folder.iterdir():
        digest = sha256(file.read_bytes()).hexdigest()
        (store / "blobs" / digest).write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(Path("../../blobs") / digest)
    return snapshot


def test_a_cached_model_loads_offline(model_folder: Writer, hub_cache: Path) -> None:
    put_into_cache(hub_cache, model_folder("mistral"))
    loaded = load("org/model")
    assert loaded.source == "org/model"
    assert torch.equal(loaded.model.lm_head.weight, tiny_model("mistral").model.lm_head.weight)
    described = outline("org/model")
    assert described is not None
    assert described.modules == loaded.modules


def test_the_catalogue_lists_cached_models_and_what_is_wrong_with_them(
    model_folder: Writer, hub_cache: Path
) -> None:
    put_into_cache(hub_cache, model_folder(), "org/good")
    pickled = model_folder(name="pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    put_into_cache(hub_cache, pickled, "org/pickled")
    listed = {m.repository: m for m in catalogue.available().cached}
    assert listed["org/good"].problem == ""
    assert listed["org/good"].size > 100_000
    assert "safetensors" in listed["org/pickled"].problem
    with pytest.raises(ModelLoadError, match=r"did you mean org/good\?"):
        load("org/good.gguf")


def test_without_cache_and_network_one_sentence_says_what_to_do(hub_cache: Path) -> None:
    assert hub_cache
    assert outline("org/model") is None
    sentence = r"^org/model is not in the local cache.*give a folder or a GGUF"
    with pytest.raises(ModelLoadError, match=sentence) as caught:
        load("org/model")
    assert "\n" not in str(caught.value)


def test_an_unreachable_hub_says_so(online: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert online.folder is None
    point_at(monkeypatch, 9)
    with pytest.raises(ModelLoadError, match="the hub cannot be reached"):
        load("org/model")


def test_the_hub_is_searched_for_what_could_load(online: FakeHub) -> None:
    assert hub.search("mod") == ["org/model", "org/other"]
    assert {"search=mod", "filter=safetensors", "filter=text-generation"} <= set(
        re.split("[?&]", online.asked)
    )


def test_a_search_of_a_hub_that_is_not_there_says_so_at_once(
    online: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.status = 503
    with pytest.raises(ModelLoadError, match="cannot be searched now"):
        hub.search("mod")
    point_at(monkeypatch, 9)
    with pytest.raises(ModelLoadError, match="cannot be searched now"):
        hub.search("mod")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    close_session()
    with pytest.raises(ModelLoadError, match="HF_HUB_OFFLINE switches it off"):
        hub.search("mod")


def test_a_download_reports_bytes_and_takes_only_what_loading_needs(
    model_folder: Writer, online: FakeHub
) -> None:
    online.folder = model_folder("qwen2", max_shard_size=30_000)
    for extra in ("pytorch_model.bin", "model.onnx", "consolidated.safetensors"):
        (online.folder / extra).write_bytes(b"0" * 1000)
    seen: list[LoadProgressed] = []
    loaded = load("org/model", progress=seen.append)
    assert torch.equal(loaded.model.model.norm.weight, tiny_model("qwen2").model.model.norm.weight)
    downloading = [p for p in seen if p.stage == "downloading"]
    wanted = [f for f in online.folder.iterdir() if f.suffix == ".json" or f.name.startswith("model-")]
    assert downloading[-1].total == sum(f.stat().st_size for f in wanted)
    done = [p.done for p in downloading]
    assert done == sorted(done)
    assert done[-1] == downloading[-1].total
    assert sorted(set(online.fetched)) == sorted(f.name for f in wanted)
    online.status = 500
    assert load("org/model").sha256 == loaded.sha256


def test_a_cancelled_download_leaves_no_half_file_and_can_be_done_again(
    model_folder: Writer, online: FakeHub, hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "CHUNK_BYTES", 10_000)
    online.folder = model_folder()
    cancel = threading.Event()

    def stop_in_the_weights(progressed: LoadProgressed) -> None:
        if progressed.done > 60_000:
            cancel.set()

    with pytest.raises(Cancelled):
        load("org/model", progress=stop_in_the_weights, cancel=cancel)
    assert hub.cached_folder("org/model") is None
    assert not list(hub_cache.rglob("*.incomplete"))
    assert load("org/model").parameters == tiny_model().parameters


def test_a_repository_of_pickles_is_refused_before_any_weight_is_fetched(
    model_folder: Writer, online: FakeHub
) -> None:
    online.folder = model_folder()
    (online.folder / "model.safetensors").rename(online.folder / "pytorch_model.bin")
    with pytest.raises(ModelLoadError, match="pickled checkpoints can run any program"):
        load("org/model")
    assert online.fetched == []


def test_a_repository_of_ggufs_says_to_give_one(tmp_path: Path, online: FakeHub) -> None:
    online.folder = tmp_path / "ggufs"
    online.folder.mkdir()
    (online.folder / "small-q4.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelLoadError, match=r"download one of its GGUF files \(small-q4\.gguf\)"):
        load("org/model")


def test_too_little_space_is_refused_before_the_download(
    model_folder: Writer, online: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.folder = model_folder()

    def refuse(_folder: Path, needed: int, what: str) -> None:
        raise DiskFull(f"{what}: {needed}")

    monkeypatch.setattr(hub, "require_space", refuse)
    with pytest.raises(DiskFull, match="Downloading org/model"):
        load("org/model")
    assert online.fetched == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "neither a folder here nor a model on the hub"),
        ({"gated": True}, "is gated: accept its licence"),
        ({"status": 500}, "The hub refused org/model"),
    ],
)
def test_what_the_hub_refuses_becomes_one_sentence(
    online: FakeHub, change: dict[str, object], sentence: str
) -> None:
    for name, value in change.items():
        setattr(online, name, value)
    with pytest.raises(ModelLoadError, match=sentence) as caught:
        load("org/model")
    assert "\n" not in str(caught.value)
