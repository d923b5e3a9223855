"""Running servers as they are named: what is understood, and what is refused in one line."""

import pytest

from runners.errors import UsageError
from runners.model.subject import Settings
from runners.model.target import Target
from runners.plan.targets import parse_target, require_own_names, target_subject
from tests.small_subjects import small_subject


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("mine=http://127.0.0.1:9000", Target(host="127.0.0.1", port=9000)),
        ("mine=http://127.0.0.1:9000/", Target(host="127.0.0.1", port=9000)),
        ("mine=http://10.0.0.7:80,pid=12", Target(host="10.0.0.7", port=80, pid=12)),
        ("mine=http://127.0.0.1:9000,like=shop", Target(host="127.0.0.1", port=9000, like="shop")),
        ("mine=http://127.0.0.1:80,like=a,pid=7", Target(host="127.0.0.1", port=80, pid=7, like="a")),
    ],
)
def test_a_running_server_is_named_by_its_address_and_perhaps_its_process(text: str, target: Target) -> None:
    assert parse_target(text) == ("mine", target)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mine=https://127.0.0.1:9000", "only http is spoken; give it as"),
        ("mine=ftp://127.0.0.1:21", "only http is spoken; give it as"),
        ("mine=http://127.0.0.1:9000/shop", "it has a path, which `like` and workload.toml are for; give it as"),
        ("mine=http://127.0.0.1:9000,pid=abc", "pid is the number of a process; give it as"),
    ],
)
def test_what_is_most_likely_wrong_is_told_first(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_target(text)


@pytest.mark.parametrize(
    "text",
    [
        "mine",
        "http://127.0.0.1:9000",
        "=http://127.0.0.1:9000",
        "../mine=http://127.0.0.1:9000",
        "mine=https://127.0.0.1:9000",
        "mine=http://127.0.0.1",
        "mine=http://127.0.0.1:0",
        "mine=http://127.0.0.1:99999",
        "mine=http://a:b@127.0.0.1:9000",
        "mine=http://127.0.0.1:9000/path",
        "mine=http://[::1]:9000",
        "mine=http://127.0.0.1:9000,pid=0",
        "mine=http://127.0.0.1:9000,pid=all",
        "mine=http://127.0.0.1:9000,",
        "mine=http://127.0.0.1:9000,like=",
        "mine=http://127.0.0.1:9000,like=all",
        "mine=http://127.0.0.1:9000,cpu=3",
        "mine=http://127.0.0.1:9000,pid=1,pid=2",
        "mine=http://127.0.0.1:9000,pid=" + "9" * 5_000,
    ],
)
def test_anything_else_is_refused_with_the_form_it_must_have(text: str) -> None:
    with pytest.raises(UsageError, match="give it as NAME=http://HOST:PORT"):
        parse_target(text)


def test_what_a_running_server_must_answer_is_that_of_the_settings_asked_for() -> None:
    subject = target_subject("mine", Target(host="127.0.0.1", port=9000), Settings(cpu_iterations=4))
    assert subject.expected["async-cpu"] == "14"
    assert "a running server is not told where services are" in set(subject.does_not_apply.values())


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["ant"], "--target ant=…: there is a subject called ant already"),
        (["Ant"], "--target Ant=…: ant has that title already; choose another name"),
        (["mine", "mine"], "--target mine=…: there is a subject called mine already"),
    ],
)
def test_a_running_server_that_would_be_called_as_another_row_is_refused(names: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        require_own_names(names, [small_subject("ant")])
    require_own_names(["mine", "yours"], [small_subject("ant")])
