"""Another model that the person runs reads the answers: an endpoint with OpenAI's chat completions."""

import ipaddress
import json
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from workbench.errors import InputError, WorkbenchError
from workbench.evaluation.answers import decode
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import asked_ids
from workbench.evaluation.further import Further
from workbench.evaluation.generation import Stop, end_tokens, generate
from workbench.evaluation.manner import LENGTH, Manner
from workbench.facts.fact import Fact
from workbench.models.chat import has_chat
from workbench.models.encoding import shorten
from workbench.models.loaded import LoadedModel

KEY = "STABLEEDIT_JUDGE_KEY"  # the environment variable that holds the endpoint's key, where it wants one
SECONDS = 120.0  # that one verdict may take
PROMPT = """A language model was given a text to continue or to answer. Does what it wrote give the expected answer?

Given: {prompt}
Expected answer: {expected}
Written: {written}

Other words for the same count as the expected answer. What comes after the answer does not matter, unless it takes
the answer back. Reply with one word: yes or no."""


class JudgeError(WorkbenchError):
    """The judge does not answer as one; nothing was written."""


@dataclass(frozen=True, slots=True)
class Verdict:
    place: int  # of the fact among those that were asked, from 0
    chat: bool
    prompt: str
    expected: str
    written: str  # by the model that is judged
    right: bool | None  # None where the judge said neither yes nor no
    said: str  # by the judge


@dataclass(frozen=True, slots=True)
class Judge:
    """``url``: with or without /chat/completions at its end."""

    url: str
    model: str

    @classmethod
    def at(cls, url: str, model: str, anywhere: bool = False) -> "Judge":
        """Raises InputError for an address that is none, and for another machine's without ``anywhere``."""
        host = _host(url)
        if not anywhere and not _is_this_machine(host):
            raise InputError(
                f"The judge {host} is another machine, which would read facts and answers: add --judge-anywhere "
                "if it may, or give an address of this machine."
            )
        return cls(url.rstrip("/").removesuffix("/chat/completions") + "/chat/completions", model)

    def verdict(self, prompt: str, expected: str, written: str) -> tuple[bool | None, str]:
        """(yes, no or neither, what the judge said). Raises JudgeError."""
        asked = PROMPT.format(prompt=prompt, expected=expected, written=written)
        said = self._said(asked)
        reply = said.rpartition("</think>")[2]
        word = re.search(r"[a-z]+", reply.casefold())
        return ({"yes": True, "no": False}.get(word[0]) if word else None), said

    def require_answer(self) -> None:
        """Raises JudgeError where it does not answer, before anything long begins."""
        self.verdict("The capital of France is", "Paris", "Paris.")

    def _said(self, asked: str) -> str:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": asked}],
            "temperature": 0,
            "stream": False,
        }
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY, ""):
            headers["Authorization"] = f"Bearer {key}"
        reply = self._posted(Request(self.url, json.dumps(body).encode(), headers))
        try:
            return str(json.loads(reply)["choices"][0]["message"]["content"] or "")
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise JudgeError(
                f"The judge at {self.url} answers with something else than a chat completion: check --judge."
            ) from error

    def _posted(self, request: Request) -> bytes:
        """Straight to the address: no proxy, no redirection to elsewhere."""
        try:
            with build_opener(ProxyHandler({}), _NoRedirection).open(request, timeout=SECONDS) as reply:
                return bytes(reply.read())
        except HTTPError as error:
            with error:
                said = shorten(error.read(1_000).decode(errors="replace") or error.reason, 200)
            raise JudgeError(
                f"The judge at {self.url} refuses with {error.code} ({said}): check --judge and --judge-model."
            ) from error
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise JudgeError(
                f"The judge at {self.url} cannot be reached ({reason}): start it, or check --judge."
            ) from error


def judge_facts(
    loaded: LoadedModel, facts: Sequence[Fact], judge: Judge, watch: Watch | None = None, system: str = ""
) -> tuple[Verdict, ...]:
    """In both forms where the model has a chat template. ``watch`` counts generations and verdicts.

    Raises JudgeError, InputError for a prompt that cannot be read, Cancelled, OutOfMemory and NonFinite."""
    watch = watch or Watch()
    forms = (False, True) if has_chat(loaded.tokenizer) else (False,)
    watch.total = watch.done + 2 * len(facts) * len(forms)
    found = []
    for chat in forms:
        texts = _written(loaded, facts, Manner(chat, system), watch)
        for place, (fact, text) in enumerate(zip(facts, texts, strict=True)):
            watch.check()
            right, said = judge.verdict(fact.prompt, fact.target, text)
            found.append(Verdict(place, chat, fact.prompt, fact.target, text, right, said))
            watch.advance(1)
    return tuple(found)


def judged(verdicts: Sequence[Verdict], seconds: float) -> dict[str, Further]:
    """By form; those that are neither yes nor no are left out."""
    told = Counter((verdict.chat, verdict.right) for verdict in verdicts)
    names = {False: "judged", True: "judged_chat"}
    forms = dict.fromkeys(verdict.chat for verdict in verdicts)
    counts = {chat: (told[chat, True], told[chat, True] + told[chat, False]) for chat in forms}
    return {
        names[chat]: Further(right / asked if asked else float("nan"), asked, seconds / len(forms))
        for chat, (right, asked) in counts.items()
    }


def measured(
    loaded: LoadedModel, facts: Sequence[Fact], judge: Judge, watch: Watch | None = None, system: str = ""
) -> tuple[dict[str, Further], tuple[Verdict, ...]]:
    began = time.monotonic()
    verdicts = judge_facts(loaded, facts, judge, watch, system)
    return judged(verdicts, time.monotonic() - began), verdicts


def _written(loaded: LoadedModel, facts: Sequence[Fact], manner: Manner, watch: Watch) -> list[str]:
    fronts = [asked_ids(loaded, fact.prompt, manner) for fact in facts]
    limits = [min(LENGTH, loaded.window - len(front)) for front in fronts]
    ids = generate(loaded, fronts, Stop(limits, end_tokens(loaded)), watch=watch)
    return [decode(loaded.tokenizer, row).strip() for row in ids]


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        host = None
    if not host:
        raise InputError(f"The judge's address {url} is none: give one as http://127.0.0.1:8080/v1.")
    return host


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _NoRedirection(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: an answer of 3xx is an error as any other."""
