"""Variants: a wish that makes no sense is told by its words, and what is compared differs in one factor alone."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.errors import UsageError
from runners.model.load import Load
from runners.model.plan import Arm
from runners.model.subject import Concurrency, Factor, Framework, Settings, Stock, Subject
from runners.plan import variants
from runners.plan.manifests import find_frameworks
from runners.plan.variants import (
    CONTRASTED,
    KEYS,
    Variant,
    contrasts,
    make_variants,
    parse_expressions,
    parse_vary,
    variant_subject,
)
from runners.plan.workloads import CORE
from tests.conftest import ROOT

WORDS = ("{python}", "-m", "server", "{threads}", "{processes}", "{loop}")
ANT = Framework(
    name="ant",
    title="Ant",
    package="ant",
    command=WORDS,
    loops=("uvloop", "asyncio"),
    concurrency=Concurrency(async_handlers="loop", sync_handlers="thread"),
    stock=Stock(command=("{python}", "-m", "server"), threads=8),
)
BEE = ANT.model_copy(update={"name": "bee", "title": "Bee", "loops": ("asyncio",)})
LONE = ANT.model_copy(update={"name": "lone", "title": "Lone", "command": WORDS[:4]})
MUTE = ANT.model_copy(update={"name": "mute", "title": "Mute", "command": WORDS[:3]})
SHOP = ANT.model_copy(update={"name": "shop", "title": "Shop", "serves": "own"})
STALL = MUTE.model_copy(update={"name": "stall", "title": "Stall", "serves": "own"})
FIXED = ANT.model_copy(update={"name": "fixed", "title": "Fixed", "command": ("server", *WORDS[3:])})
TEN = ANT.model_copy(update={"name": "ten", "title": "Ten", "command": WORDS[:3], "threads": 10})
KNOWN = {one.name: one for one in (ANT, BEE, LONE, MUTE, SHOP, STALL, FIXED, TEN)}
THERE_ARE = "there are profile, threads, processes, loop, wait, cpu-iterations, python"


def made(frameworks: str, *vary: str) -> tuple[Variant, ...]:
    """The variants that these words of the command line ask for."""
    return make_variants([(KNOWN[name], own) for name, own in parse_expressions(frameworks)], parse_vary(vary))


def subjects(frameworks: str, *vary: str, settings: Settings | None = None) -> list[Subject]:
    return [variant_subject(one, settings or Settings(), executor_cpus=2) for one in made(frameworks, *vary)]


def steps(found: Sequence[Subject]) -> list[tuple[str, str]]:
    """Which subjects are contrasted: a left one and what it is compared with."""
    seen = contrasts(found, CORE[:1], [Load(clients=16)])
    return [(one.left.subject, one.right.subject) for one in seen[::3] if isinstance(one.right, Arm)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["moons=1"], f"--vary moons=1: there is no setting 'moons'; {THERE_ARE}"),
        (["=1"], f"--vary =1: there is no setting ''; {THERE_ARE}"),
        (["Threads=1"], f"--vary Threads=1: there is no setting 'Threads'; {THERE_ARE}"),
        (["threads"], "--vary threads: no values; it takes whole numbers from 1 to 1,000,000, separated by commas"),
        (["threads="], "--vary threads=: no values; it takes whole numbers from 1 to 1,000,000, separated by commas"),
        (["wait= , "], "--vary wait= , : no values; it takes seconds from 0.001 to 3,600, separated by commas"),
        (["threads=1", "threads=2"], "--vary threads=2: threads is varied twice; give all its values at once"),
        (["threads=5,x"], "--vary threads=5,x: 'x' is no value of threads; it takes whole numbers from 1 to 1,000,000"),
        (["threads=0"], "--vary threads=0: '0' is no value of threads; it takes whole numbers from 1 to 1,000,000"),
        (
            ["threads=2.5"],
            "--vary threads=2.5: '2.5' is no value of threads; it takes whole numbers from 1 to 1,000,000",
        ),
        (
            ["processes=-1"],
            "--vary processes=-1: '-1' is no value of processes; it takes whole numbers from 1 to 1,000,000",
        ),
        (["wait=0"], "--vary wait=0: '0' is no value of wait; it takes seconds from 0.001 to 3,600"),
        (["wait=nan"], "--vary wait=nan: 'nan' is no value of wait; it takes seconds from 0.001 to 3,600"),
        (["wait=inf"], "--vary wait=inf: 'inf' is no value of wait; it takes seconds from 0.001 to 3,600"),
        (["loop=trio"], "--vary loop=trio: 'trio' is no value of loop; it takes uvloop or asyncio"),
        (["profile=tuned"], "--vary profile=tuned: 'tuned' is no value of profile; it takes matched or stock"),
    ],
    ids=itertools.count(),
)
def test_a_setting_that_cannot_vary_so_is_told_with_what_it_takes(words: list[str], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_vary(words)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("threads=2", "'threads=2' follows no framework; write NAME@threads=2"),
        ("ant@", f"'' sets nothing; {THERE_ARE} (KEY=VALUE)"),
        ("ant@threads", f"'threads' sets nothing; {THERE_ARE} (KEY=VALUE)"),
        ("ant@threads=", f"'threads=' sets nothing; {THERE_ARE} (KEY=VALUE)"),
        ("ant@moons=1", f"'moons=1' sets nothing; {THERE_ARE} (KEY=VALUE)"),
        ("ant@threads=1,moons=1", f"'moons=1' sets nothing; {THERE_ARE} (KEY=VALUE)"),
        ("ant@threads=many", "'many' is no value of threads; it takes whole numbers from 1 to 1,000,000"),
        ("ant@threads=1,threads=2", "ant has two values for threads"),
    ],
    ids=itertools.count(),
)
def test_an_expression_that_sets_nothing_is_told_with_what_can_be_set(text: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_expressions(text)
    assert str(raised.value) == f"--frameworks {text}: {told}"


@pytest.mark.parametrize(
    ("frameworks", "vary", "told"),
    [
        ("ant,ant", [], "--frameworks: ant is there twice; drop one of them"),
        ("ant@threads=2,ant@threads=2", [], "--frameworks: ant@threads=2 is there twice; drop one of them"),
        ("bee,ant@threads=2", ["threads=3,4"], "--vary threads: ant has a value of its own for threads; drop one"),
        ("ant@loop=asyncio,threads=2", ["loop=uvloop", "threads=3"], "--vary threads: ant has a value of its own"),
    ],
)
def test_what_is_asked_for_twice_is_told(frameworks: str, vary: list[str], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        made(frameworks, *vary)
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize("factors", [{"python": "3.12"}, {"python": "3.12", "profile": "stock"}])
def test_no_interpreter_is_looked_for_where_a_command_takes_none(factors: dict[str, Factor]) -> None:
    told = r"fixed@.*python=3\.12: 'command' in its manifest has no \{python\}, so no interpreter can be given to it; "
    with pytest.raises(UsageError, match=told):
        make_variants([(FIXED, {})], {key: (value,) for key, value in factors.items()})
    with pytest.raises(UsageError, match=told):
        variant_subject(Variant(framework=FIXED, factors=factors), Settings(), executor_cpus=2)
    assert [one.name for one in subjects("fixed@threads=2")] == ["fixed@threads=2"]


@pytest.mark.parametrize(
    ("frameworks", "profile", "told"),
    [
        ("ant@threads=2", "stock", "ant@threads=2: the stock profile leaves threads to the framework"),
        ("ant@processes=2", "stock", "ant@processes=2: the stock profile leaves processes to the framework"),
        ("ant@loop=asyncio", "stock", "ant@loop=asyncio: the stock profile leaves loop to the framework"),
        ("ant@profile=stock,threads=2", "matched", "ant@profile=stock,threads=2: the stock profile leaves threads"),
        ("bee@loop=uvloop", "matched", "bee@loop=uvloop: bee runs on asyncio only; leave it out (--frameworks)"),
        ("lone@processes=2", "matched", "--processes 2: lone runs one process only"),
        ("ten@threads=20", "matched", "setting ten to 20 threads: its pool has 10 whatever is asked"),
    ],
)
def test_a_framework_that_cannot_be_set_so_is_told(frameworks: str, profile: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        subjects(frameworks, settings=Settings.model_validate({"profile": profile}))
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize(
    ("frameworks", "vary", "told"),
    [
        ("mute", "loop=uvloop,asyncio", "mute@loop=uvloop: nothing tells mute its loop; write {loop} in its command"),
        ("stall", "threads=10,40", "stall@threads=10: nothing tells stall its threads; write {threads} in its command"),
        ("shop", "wait=0.1,0.2", "shop@wait=0.1: shop serves endpoints of its own, which wait does not reach; leave w"),
        ("shop", "cpu-iterations=9", "shop@cpu-iterations=9: shop serves endpoints of its own, which cpu-iterations d"),
    ],
)
def test_a_setting_that_does_not_reach_a_framework_cannot_vary_there(frameworks: str, vary: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        subjects(frameworks, vary)
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)


def test_what_reaches_a_framework_varies_there() -> None:
    assert [one.command[3] for one in subjects("shop", "threads=10,40")] == ["10", "40"]
    assert [one.command[5] for one in subjects("shop", "loop=uvloop,asyncio")] == ["uvloop", "asyncio"]
    assert [one.environment["SHOOTOUT_THREADS"] for one in subjects("mute", "threads=10,40")] == ["10", "40"]
    only = MUTE.model_copy(update={"loops": ("asyncio",)})
    found = variant_subject(Variant(framework=only, factors={"loop": "asyncio"}), Settings(), executor_cpus=2)
    assert found.loop == "asyncio"


SHIPPED = find_frameworks(ROOT / "apps").frameworks


@pytest.mark.parametrize("framework", SHIPPED, ids=lambda one: one.name)
def test_every_shipped_framework_is_told_every_setting_that_varies_there(framework: Framework) -> None:
    able: dict[str, Factor] = {"threads": 7, "loop": framework.loops[-1], "wait": 0.1, "cpu-iterations": 9}
    found = variant_subject(Variant(framework=framework, factors=able), Settings(), executor_cpus=2)
    told = " ".join((*found.command, *found.environment.values()))
    assert all(str(value) in told for key, value in able.items() if key != "loop" or len(framework.loops) > 1)
    assert (found.loop, found.threads) == (framework.loops[-1], 7)


def test_a_pool_of_fixed_size_is_varied_by_no_other_size_than_its_own() -> None:
    assert [one.threads for one in subjects("ant,ten")] == [40, 10]
    assert [one.threads for one in subjects("ten@threads=10")] == [10]
    with pytest.raises(UsageError, match=r"^setting ten to 5 threads: its pool has 10 whatever is asked"):
        subjects("ant,ten", "threads=5,10")


def test_names_and_their_own_settings_are_told_apart() -> None:
    assert parse_expressions("") == ()
    with pytest.raises(UsageError, match="--frameworks ,: there is nothing in it; leave it out"):
        parse_expressions(",")
    assert parse_expressions("ant, bee@processes=2,threads=20 ,,lone,") == (
        ("ant", {}),
        ("bee", {"processes": 2, "threads": 20}),
        ("lone", {}),
    )
    assert parse_expressions("ant@threads=1,ant@threads=2,loop=asyncio") == (
        ("ant", {"threads": 1}),
        ("ant", {"threads": 2, "loop": "asyncio"}),
    )
    assert parse_expressions("ant@python=3.12") == (("ant", {"python": "3.12"}),)


def test_values_are_numbers_or_words_and_named_once_in_their_order() -> None:
    found = parse_vary(["threads=20, 5,20,05", "wait=1,0.5,5e-1", "loop=asyncio,uvloop", "python=3.13,3.12"])
    assert found == {
        "threads": (20, 5),
        "wait": (1.0, 0.5),
        "loop": ("asyncio", "uvloop"),
        "python": ("3.13", "3.12"),
    }
    assert [type(value) for value in found["threads"] + found["wait"]] == [int, int, float, float]
    assert parse_vary([]) == {}


def test_settings_of_its_own_stand_in_one_order_in_id_and_title() -> None:
    (found,) = subjects("ant@processes=2,threads=20")
    assert (found.name, found.title) == ("ant@threads=20,processes=2", "Ant (20 threads, 2 processes)")
    assert found.factors == {"processes": 2, "threads": 20}
    assert found.command == ("{python}", "-m", "server", "20", "2", "uvloop")
    assert (found.threads, found.processes, found.sync_slots, found.framework) == (20, 2, 40, "ant")
    assert found.settings == Settings(threads=20, processes=2)


def test_every_setting_that_can_vary_reaches_the_subject_and_its_title() -> None:
    (found,) = subjects("ant@threads=1,processes=1,loop=asyncio,wait=0.25,cpu-iterations=70000,python=3.13")
    assert found.name == "ant@threads=1,processes=1,loop=asyncio,wait=0.25,cpu-iterations=70000,python=3.13"
    assert found.title == "Ant (1 thread, 1 process, asyncio, waits of 250 ms, 70,000 squares, Python 3.13)"
    asked = Settings(threads=1, processes=1, loop="asyncio", wait_s=0.25, cpu_iterations=70_000, python="3.13")
    assert found.settings == asked
    assert (found.wait_s, found.cpu_iterations, found.loop) == (0.25, 70_000, "asyncio")
    (stock,) = subjects("ant@profile=stock")
    assert (stock.name, stock.title, stock.threads) == ("ant@profile=stock", "Ant (stock)", 8)


def test_a_framework_without_factors_is_what_it_always_was() -> None:
    (found,) = subjects("ant")
    assert (found.name, found.title, found.factors, found.settings) == ("ant", "Ant", {}, Settings())


def test_two_things_that_vary_give_every_combination_of_every_framework() -> None:
    found = subjects("ant,bee@wait=0.1", "threads=5,20", "processes=1,2")
    combinations = [
        "threads=5,processes=1",
        "threads=5,processes=2",
        "threads=20,processes=1",
        "threads=20,processes=2",
    ]
    assert [one.name for one in found] == [
        *(f"ant@{one}" for one in combinations),
        *(f"bee@{one},wait=0.1" for one in combinations),
    ]
    assert [(one.threads, one.processes, one.wait_s) for one in found[4:]] == [
        (5, 1, 0.1),
        (5, 2, 0.1),
        (20, 1, 0.1),
        (20, 2, 0.1),
    ]


def test_values_that_differ_in_the_last_digit_have_ids_that_do() -> None:
    assert [one.name for one in made("ant", "wait=0.1234567,0.1234568")] == ["ant@wait=0.1234567", "ant@wait=0.1234568"]


def test_numbers_are_contrasted_with_the_next_smaller_one_whatever_their_order() -> None:
    assert steps(subjects("ant,bee", "threads=20,100,5")) == [
        ("ant@threads=20", "ant@threads=5"),
        ("ant@threads=100", "ant@threads=20"),
        ("bee@threads=20", "bee@threads=5"),
        ("bee@threads=100", "bee@threads=20"),
    ]


def test_words_are_contrasted_with_the_first_one() -> None:
    assert steps(subjects("ant", "python=3.13,3.12,3.9")) == [
        ("ant@python=3.12", "ant@python=3.13"),
        ("ant@python=3.9", "ant@python=3.13"),
    ]


def test_of_two_things_that_vary_one_is_contrasted_at_a_time() -> None:
    assert steps(subjects("ant", "threads=5,20", "loop=uvloop,asyncio")) == [
        ("ant@threads=20,loop=uvloop", "ant@threads=5,loop=uvloop"),
        ("ant@threads=20,loop=asyncio", "ant@threads=5,loop=asyncio"),
        ("ant@threads=5,loop=asyncio", "ant@threads=5,loop=uvloop"),
        ("ant@threads=20,loop=asyncio", "ant@threads=20,loop=uvloop"),
    ]


def test_what_has_nothing_to_be_compared_with_is_not_contrasted() -> None:
    assert contrasts(subjects("ant,bee"), CORE, [Load(clients=16)]) == []
    assert contrasts(subjects("ant,bee", "threads=5"), CORE, [Load(clients=16)]) == []
    assert contrasts(subjects("ant@threads=5,bee@threads=20"), CORE, [Load(clients=16)]) == []
    assert contrasts(subjects("ant@threads=5,ant@loop=asyncio"), CORE, [Load(clients=16)]) == []


def test_there_is_a_contrast_of_every_metric_in_every_cell() -> None:
    loads = [Load(clients=16), Load(clients=80)]
    found = contrasts(subjects("ant", "threads=5,20"), CORE[:2], loads)
    assert [one.metric for one in found] == list(CONTRASTED) * 4
    cells = [(one.left.workload, one.left.load) for one in found[::3]]
    assert cells == [(workload.name, load) for workload in CORE[:2] for load in loads]
    for one in found:
        assert isinstance(one.right, Arm)
        assert (one.left.workload, one.left.load) == (one.right.workload, one.right.load)


VALUES: dict[str, st.SearchStrategy[Factor]] = {
    "profile": st.just("matched"),
    "threads": st.integers(1, 10**6),
    "processes": st.integers(1, 64),
    "loop": st.sampled_from(["uvloop", "asyncio"]),
    "wait": st.floats(variants.SHORTEST_WAIT_S, variants.LONGEST_WAIT_S),
    "cpu-iterations": st.integers(1, 10**9),
    "python": st.from_regex(r"3\.1[0-9](\.[0-9])?|[0-9]|pypy-1\.0", fullmatch=True),
}
factors = st.fixed_dictionaries({}, optional=VALUES)


@given(factors)
def test_factors_keep_their_types_and_values_through_json(chosen: dict[str, Factor]) -> None:
    found = variant_subject(Variant(framework=ANT, factors=chosen), Settings(), executor_cpus=2)
    again = Subject.model_validate_json(found.model_dump_json())
    assert again == found
    assert {key: type(value) for key, value in again.factors.items()} == {k: type(v) for k, v in chosen.items()}


@given(factors)
def test_an_id_is_an_expression_that_asks_for_the_same_variant_again(chosen: dict[str, Factor]) -> None:
    variant = Variant(framework=ANT, factors=chosen)
    assert parse_expressions(variant.name) == (("ant", {key: chosen[key] for key in KEYS if key in chosen}),)
