"""The arrows between modules, read from the imports: a forbidden one fails here, not in a review."""

import ast
import graphlib
import sys
from collections.abc import Iterator, Mapping

import pytest

from runners.measure.hosts import local as process
from tests.conftest import ROOT

FRAMEWORKS = frozenset({"aiohttp", "fastapi", "flask", "gunicorn", "starlette", "uvicorn"})
MAY_PRINT = frozenset({"runners.cli"})
MAY_EXIT = frozenset(
    {"runners.cli.app", "runners.cli.interrupts", "runners.__main__", "runners.measure.hosts.guardian"}
)
VALUES = ("runners.model", "runners.numbers", "runners.errors", "runners.reading", "runners.units")
LAYERS: Mapping[str, tuple[str, ...]] = {
    "runners.numbers": ("runners.numbers",),
    "runners.model": ("runners.model", "runners.numbers"),
    "runners.errors": (),
    "runners.reading": (),
    "runners.units": (),
    "runners.places": ("runners.errors",),
    "runners.store": ("runners.store", "runners.model", "runners.errors", "runners.reading"),
    "runners.plan": ("runners.plan", *VALUES),
    "runners.measure": ("runners.measure", *VALUES),
    "runners.report": ("runners.report", *VALUES),
    "runners.doctor": ("runners.plan", "runners.measure", *VALUES),
    "runners.scaffold": ("runners.plan", "runners.model", "runners.errors"),
    "runners.session": (
        "runners.session",
        "runners.plan",
        "runners.measure",
        "runners.report",
        "runners.store",
        "runners.places",
        *VALUES,
    ),
    "runners.cli.screen": ("runners.measure.orders", "runners.report", "runners.model", "runners.units"),
}
"""What each part may import of the project; a part that is not listed (the command line) may import everything."""

REPORT_ROOMS = (
    "values",
    "figures",
    "ceilings",
    "ranking",
    "judgement",
    "summary",
    "claims",
    "replication",
    "text",
    "gate",
    "selftest",
    "charts",
    "page",
    "index",
    "render",
)
"""The rooms of the report: each knows only those before it."""


def faults(sources: Mapping[str, str]) -> list[str]:
    """What these modules, by dotted name, do against the architecture."""
    return [fault for name, source in sources.items() for fault in _faults_of(name, ast.parse(source), set(sources))]


def _faults_of(name: str, tree: ast.Module, known: set[str]) -> Iterator[str]:
    for imported in sorted(_imports(name, tree, known)):
        yield from _forbidden_import(name, imported)
    if name.startswith("runners") and not any(_within(name, part) for part in MAY_PRINT):
        yield from (f"{name} prints (line {line})" for line in _prints(tree))
    if name.startswith("runners") and name not in MAY_EXIT:
        yield from (f"{name} exits (line {line})" for line in _exits(tree))


def _forbidden_import(name: str, imported: str) -> Iterator[str]:
    top = imported.partition(".")[0]
    if name.startswith("apps") and top == "runners":
        yield f"{name} imports {imported}: an app knows nothing of the runner"
    if name.startswith("runners") and top in FRAMEWORKS | {"apps"}:
        yield f"{name} imports {imported}: manifests are data, frameworks are never imported"
    if name.startswith("runners") and top == "subprocess" and name != "runners.measure.hosts.local":
        yield f"{name} imports subprocess: the one door to it is runners.measure.hosts.local"
    allowed = next((layer for part, layer in LAYERS.items() if _within(name, part)), None)
    if allowed is not None and top == "runners" and not any(_within(imported, part) for part in allowed):
        yield f"{name} imports {imported}"


def _within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _imports(name: str, tree: ast.Module, known: set[str]) -> Iterator[str]:
    """Dotted names of all that is imported, wherever in the module, modules taken from packages included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*name.split(".")[: -node.level], *([base] if base else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in known else base
        elif isinstance(node, ast.Call) and _called(node) in {"__import__", "import_module"}:
            yield from (str(word.value) for word in node.args[:1] if isinstance(word, ast.Constant))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _prints(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr"}:
            yield node.lineno
        if isinstance(node, ast.Call) and _called(node) in {"print", "Console"}:
            yield node.lineno


def _exits(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in {"exit", "_exit", "quit"}:
            yield node.lineno
        if isinstance(node, ast.Name) and node.id == "SystemExit":
            yield node.lineno


def project() -> dict[str, str]:
    """Every module of apps and runners, by dotted name."""
    found = {}
    for path in sorted([*(ROOT / "apps").rglob("*.py"), *(ROOT / "runners").rglob("*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("runners.plan.planted", "from runners.measure.load import k6"),
        ("runners.plan.planted", "import runners.report.text.table"),
        ("runners.measure.planted", "from runners.plan.schedule import make_plan"),
        ("runners.measure.planted", "from runners import report"),
        ("runners.report.planted", "from runners.measure.load import k6"),
        ("runners.report.planted", "def later():\n    from runners.plan import workloads"),
        ("runners.report.planted", "from ..measure.load.k6 import K6"),
        ("runners.report.planted", "from runners import store"),
        ("runners.report.planted", "import fastapi.routing"),
        ("runners.measure.planted", "importlib.import_module('flask')"),
        ("runners.measure.planted", "from apps import workloads"),
        ("runners.measure.planted", "import subprocess"),
        ("runners.measure.planted", "from subprocess import run"),
        ("runners.model.plan", "from runners.units import duration"),
        ("runners.units", "from runners import errors"),
        ("runners.store.folder", "from runners.report import render"),
        ("runners.cli.screen", "from runners.measure.serve import server"),
        ("runners.session.run", "from runners.cli.app import app"),
        ("runners.report.planted", "print('x')"),
        ("runners.measure.planted", "import sys\nsys.stderr.write('x')"),
        ("runners.session.run", "Console().print('x')"),
        ("runners.store.folder", "import sys\nsys.exit(1)"),
        ("runners.doctor", "raise SystemExit(1)"),
        ("apps.planted.app", "from runners.units import duration"),
    ],
)
def test_a_planted_fault_is_found(module: str, source: str) -> None:
    known = project() | {module: source}
    assert [fault for fault in faults(known) if fault.startswith(module)] != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("runners.measure.hosts.local", "import subprocess"),
        ("runners.report.planted", "from runners.report.text import table\nfrom runners.model.plan import Plan"),
        (
            "runners.cli.app",
            "import sys\nfrom runners.measure import k6\nfrom runners.plan import schedule\nprint(1); sys.exit(2)",
        ),
        ("apps.planted.app", "from apps import workloads\nimport fastapi"),
        ("runners.plan.planted", "from runners.measurement import x"),
    ],
)
def test_what_is_allowed_is_not_taken_for_a_fault(module: str, source: str) -> None:
    found = faults({module: source})
    assert found == (["runners.plan.planted imports runners.measurement"] if "measurement" in source else [])


def test_the_project_keeps_its_architecture() -> None:
    assert faults(project()) == []


def test_every_part_of_the_runner_is_covered_by_a_rule_or_is_the_command_line() -> None:
    parts = {".".join(name.split(".")[:2]) for name in project() if name.startswith("runners.")}
    assert parts - set(LAYERS) == {"runners.cli", "runners.__main__"}


def test_no_module_needs_itself_by_a_detour() -> None:
    modules = project()
    arrows = {name: _imports(name, ast.parse(source), set(modules)) for name, source in modules.items()}
    graphlib.TopologicalSorter({name: set(some) & set(modules) for name, some in arrows.items()}).prepare()


def test_the_rooms_of_the_report_know_only_those_before_them() -> None:
    modules = project()
    backwards = [
        f"{name} imports {imported}"
        for name, source in modules.items()
        if (own := _room(name)) is not None
        for imported in _imports(name, ast.parse(source), set(modules))
        if (other := _room(imported)) is not None and other > own
    ]
    assert backwards == []


def _room(name: str) -> int | None:
    parts = name.split(".")
    return REPORT_ROOMS.index(parts[2]) if parts[:2] == ["runners", "report"] and len(parts) > 2 else None


def test_an_app_uses_nothing_of_the_project_but_the_work() -> None:
    work = {"apps.workloads", "apps.extended", "apps.upstream", "apps.database"}
    for path in (ROOT / "apps").glob("*/*.py"):
        own = f"apps.{path.parent.name}.extended"
        used = set(_imports(f"{own[:-9]}.{path.stem}", ast.parse(path.read_text(encoding="utf-8")), {*work, own}))
        allowed = {"apps.workloads", own} if path.stem == "app" else work
        assert {i for i in used if i.startswith(("apps", "runners"))} <= allowed, path


def test_the_report_is_rendered_without_loading_a_framework_or_k6s_runner() -> None:
    script = (
        "import sys; import runners.report.render; "
        f"print(sorted(m for m in sys.modules if m.split('.')[0] in {set(FRAMEWORKS)!r} "
        "or m == 'runners.measure.load.k6'))"
    )
    assert process.capture((sys.executable, "-c", script), timeout_s=60).strip() == "[]"


def test_no_module_is_longer_than_can_be_read_at_once() -> None:
    longest = {name: len(source.splitlines()) for name, source in project().items()}
    assert {name for name, lines in longest.items() if lines > 250} == set()
