"""A judge on this machine, asked over HTTP as a person's own would be."""

from collections.abc import Iterator

import pytest

from tests.endpoint import Endpoint, completion
from tests.evaluation.conftest import FACTS
from tests.tiny import tiny_model
from workbench.errors import InputError
from workbench.evaluation.judging import Judge, JudgeError, judge_facts, measured
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


def test_the_judge_reads_what_the_model_writes(taught: LoadedModel, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: completion(
        "Yes." if "Written: Paris" in body["messages"][0]["content"] else "<think>yes?</think>\n\nNo"
    )
    shares, verdicts = measured(taught, FACTS, Judge.at(endpoint.url, "mine"))
    assert [verdict.right for verdict in verdicts] == [True, False, False]
    assert shares["judged"].share == pytest.approx(1 / 3)
    assert shares["judged"].asked == 3
    assert "judged_chat" not in shares  # the model has no template
    assert endpoint.paths[0] == "/v1/chat/completions"
    first = endpoint.asked[0]
    assert (first["model"], first["temperature"]) == ("mine", 0)
    assert "Expected answer: Paris" in first["messages"][0]["content"]
    assert verdicts[1].said.startswith("<think>")
    assert verdicts[0].written.startswith("Paris.")


def test_a_verdict_that_is_neither_is_kept_and_left_out(taught: LoadedModel, endpoint: Endpoint) -> None:
    said = iter(["no", "It depends.", ""])
    endpoint.reply = lambda _body: completion(next(said))
    shares, verdicts = measured(taught, FACTS, Judge.at(endpoint.url, "mine"))
    assert [(v.right, v.said) for v in verdicts] == [(False, "no"), (None, "It depends."), (None, "")]
    assert (shares["judged"].share, shares["judged"].asked) == (0.0, 1)


def test_both_forms_of_a_model_with_a_template(endpoint: Endpoint) -> None:
    loaded = tiny_model(seed=3)
    loaded.tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    shares, verdicts = measured(loaded, FACTS, Judge.at(endpoint.url, "mine"))
    assert [verdict.chat for verdict in verdicts] == [False] * 3 + [True] * 3
    assert set(shares) == {"judged", "judged_chat"}


@pytest.mark.parametrize("host", ["example.com", "10.0.0.7", "localhost.example.com", "0.0.0.0"])
def test_another_machine_is_refused_unless_it_may_read_the_facts(host: str) -> None:
    with pytest.raises(InputError, match=f"{host} is another machine.*--judge-anywhere"):
        Judge.at(f"http://{host}:8080/v1", "mine")
    assert Judge.at(f"http://{host}:8080/v1", "mine", anywhere=True).url.startswith(f"http://{host}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_this_machine_may_be_named_in_every_way(host: str) -> None:
    judge = Judge.at(f"http://{host}:8080/v1/chat/completions/", "mine")
    assert judge.url == f"http://{host}:8080/v1/chat/completions"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "file:///etc/passwd", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="is none: give one as"):
        Judge.at(url, "mine", anywhere=True)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((404, '{"error": "no model mine"}'), "refuses with 404.*no model mine.*--judge-model"),
        ((307, ""), "refuses with 307"),
        ((200, "hello"), "something else than a chat completion"),
        ((200, '{"choices": []}'), "something else than a chat completion"),
        ((200, "[1]"), "something else than a chat completion"),
    ],
)
def test_what_is_no_verdict_is_told_in_a_sentence(
    endpoint: Endpoint, reply: tuple[int, str], words: str
) -> None:
    endpoint.reply = lambda _body: reply
    with pytest.raises(JudgeError, match=words) as told:
        Judge.at(endpoint.url, "mine").require_answer()
    assert "\n" not in str(told.value)


def test_a_judge_that_is_not_there_is_told_in_a_sentence() -> None:
    with pytest.raises(JudgeError, match=r"cannot be reached.*start it, or check --judge"):
        Judge.at("http://127.0.0.1:9/v1", "mine").require_answer()


def test_no_proxy_stands_between_and_the_key_is_sent(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    Judge.at(endpoint.url, "mine").require_answer()
    assert "Authorization" not in endpoint.headers[0]
    monkeypatch.setenv("STABLEEDIT_JUDGE_KEY", "secret")
    Judge.at(endpoint.url, "mine").require_answer()
    assert endpoint.headers[1]["Authorization"] == "Bearer secret"


def test_braces_in_a_fact_are_only_text(taught: LoadedModel, endpoint: Endpoint) -> None:
    judge_facts(taught, [Fact("Write {prompt} and {x}", "{0}")], Judge.at(endpoint.url, "mine"))
    assert (
        "Given: Write {prompt} and {x}\nExpected answer: {0}" in endpoint.asked[0]["messages"][0]["content"]
    )
