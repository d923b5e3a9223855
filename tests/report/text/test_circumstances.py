"""Settings and versions in words: only what all subjects share, and of no Python what it did not tell."""

from dataclasses import replace

from runners.model.runtime import Runtime
from runners.model.subject import Settings
from runners.model.target import Target
from runners.report.text.circumstances import UNKNOWN, runtime_words, settings_words, versions_of
from tests.sessions import Shape, stored_session

PYTHONS = Shape(subjects=1, vary={"python": ("3.11", "3.14t")})


def test_a_python_that_was_not_told_has_no_version_of_another_ones_packages() -> None:
    session = stored_session(replace(PYTHONS, silent=frozenset({"fastapi@python=3.14t"}))).session
    assert versions_of(session) == ["FastAPI 7.3.11", "FastAPI (version not known)"]
    told = [runtime_words(session, subject) for subject in session.plan.subjects]
    assert told == ["; CPython 3.11.4, GIL on as the server told it", "; Python 3.14t, which the server did not tell"]


def test_without_a_python_of_its_own_a_subject_has_what_is_installed_here() -> None:
    session = stored_session(replace(PYTHONS, vary={"threads": (5, 10)})).session
    assert versions_of(session) == ["FastAPI 0.165.0"]
    assert {runtime_words(session, subject) for subject in session.plan.subjects} == {""}


def test_of_a_command_that_takes_no_python_only_what_its_server_told_is_known() -> None:
    session = stored_session(replace(PYTHONS, vary={})).session
    (subject,) = session.plan.subjects
    bare = subject.model_copy(update={"command": ("/else/bin/uvicorn", "--port", "{port}")})
    session = session.model_copy(update={"plan": session.plan.model_copy(update={"subjects": (bare,)})})
    assert versions_of(session) == ["FastAPI (version not known)"]
    assert runtime_words(session, bare) == "; its command takes no Python, and the server did not tell one"
    runtime = Runtime(python="CPython 3.9.1", gil_enabled=True, versions={"fastapi": "0.1"})
    told = session.model_copy(update={"runtimes": {bare.name: runtime}})
    assert versions_of(told) == ["FastAPI 0.1"]
    assert runtime_words(told, bare) == "; CPython 3.9.1, GIL on as the server told it"


def test_what_varies_is_left_out_of_the_settings() -> None:
    session = stored_session(replace(PYTHONS, vary={"threads": (5, 10), "wait": (0.02, 0.05)})).session
    assert settings_words(session) == (
        "**matched** profile: 1 process, loop uvloop where the stack takes it; 60,000 squares a computation"
    )


def test_of_both_profiles_the_settings_are_told_of_the_matched_ones_only() -> None:
    session = stored_session(replace(PYTHONS, vary={"profile": ("matched", "stock")})).session
    assert settings_words(session).startswith(
        "**matched** and **stock** profiles; the matched ones with 1 process, 40 threads, loop uvloop"
    )


def test_threads_that_were_asked_for_and_not_taken_by_all_are_told_so() -> None:
    session = stored_session(replace(PYTHONS, subjects=2, vary={})).session
    assert ", 40 threads, loop" in settings_words(session)
    first, second = session.plan.subjects
    some = session.plan.model_copy(update={"subjects": (first, second.model_copy(update={"threads": 10}))})
    told = settings_words(session.model_copy(update={"plan": some}))
    assert ", 40 threads where the stack takes them, loop" in told


def test_the_stock_profile_has_nothing_configured() -> None:
    session = stored_session(replace(PYTHONS, vary={}, settings=Settings(profile="stock"))).session
    assert settings_words(session).startswith("**stock** profile: nothing configured")
    assert "threads" not in settings_words(session)


def test_of_running_servers_no_setting_is_told_and_of_others_whose_they_are() -> None:
    session = stored_session(replace(PYTHONS, subjects=2, vary={})).session
    first, second = session.plan.subjects
    elsewhere = Target(host="127.0.0.1", port=9000)
    some = session.plan.model_copy(update={"subjects": (first, second.model_copy(update={"target": elsewhere}))})
    none = some.model_copy(update={"subjects": some.subjects[1:]})
    assert settings_words(session.model_copy(update={"plan": some})).startswith(
        "**matched** profile of those started here: 1 process, 40 threads"
    )
    assert settings_words(session.model_copy(update={"plan": none})) == UNKNOWN
