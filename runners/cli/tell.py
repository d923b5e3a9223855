"""The commands that tell what was measured."""

import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from runners import places, store
from runners.cli.claims import print_claims, refuse_if_all_failed
from runners.cli.gate import print_gate
from runners.cli.options import AsJson, Results
from runners.cli.screen import print_result
from runners.cli.terminal import err, out, print_json, said, shown
from runners.errors import INTERRUPTED, StoreError, UsageError
from runners.model.session import Session, StoredSession
from runners.model.text import cut
from runners.plan.workloads import CORE
from runners.report import index, render
from runners.report.claims.agree import agreement
from runners.report.claims.judge import judge
from runners.report.figures.settings import is_matched
from runners.report.replication import compare as comparing
from runners.report.summary.summary import summarise
from runners.report.text import overview
from runners.report.text.compare_markdown import comparison_markdown
from runners.report.values import Summary
from runners.session import ending


def report(
    session: Annotated[str | None, typer.Argument(help="Name or folder of a session; the latest if none.")] = None,
    *,
    open_page: Annotated[bool, typer.Option("--open", help="Show report.html in the browser.")] = False,
    results: Results,
) -> None:
    folder = store.find(results, session)
    with store.writing(folder), ending.told("nothing is lost; run the same again to draw it"):
        stored = _measured(folder)
        err.print(said("drawing tables and charts…"))
        summary, files = render.everything(stored)
        store.write_derived(folder, files)
    tell(folder, summary)
    if open_page:
        webbrowser.open((folder / "report.html").as_uri())


def publish(
    session: Annotated[str | None, typer.Argument(help="Name or folder of a session; the latest if none.")] = None,
    *,
    question: Annotated[
        str | None, typer.Option(help="What it answers, for the list of published sessions; '' for the default.")
    ] = None,
    readme: Annotated[
        bool | None,
        typer.Option(help="Show it in README.md; by default if it has all four workloads, with equal settings."),
    ] = None,
    results: Results,
) -> None:
    found = store.find(results, session)
    store.refuse_if_written(found)
    stored = _measured(found)
    if readme and not _compares(stored.session):
        raise UsageError(
            f"publishing {found.name}: it compares no frameworks, which is what README.md shows; leave --readme out"
        )
    with ending.told("nothing is lost; run the same again to publish it"):
        folder, summary = _published(results, found, question)
        wanted = _is_whole(summary) if readme is None else readme
        home = results.resolve().parent
        if wanted and results.resolve().name == "results" and places.is_clone(home):
            store.replace_between(
                home / "README.md", overview.BEGIN, overview.END, overview.markdown(summary, folder.name)
            )
    out.print(said(f"published: {shown(folder)}"), soft_wrap=True)


def _measured(folder: Path) -> StoredSession:
    """The session, unless it ended before its first trial."""
    stored = store.read(folder)
    if not stored.results and stored.session.finished_at is None:
        again = ending.how_to_go_on(stored.session)
        raise StoreError(f"reading {folder.name}: nothing was measured in it; go on with: {again}")
    return stored


def _published(results: Path, found: Path, question: str | None) -> tuple[Path, Summary]:
    """The session's copy, drawn and listed, and its summary."""
    folder = store.publish(results, found, question)
    summary, files = render.everything(store.read(folder))
    store.write_derived(folder, files)
    store.write_derived(folder.parent, {"README.md": index.markdown(_listed(results))})
    return folder, summary


def _listed(results: Path) -> Iterator[index.Entry]:
    """The published sessions that can be read; about each of the others a line is told."""
    for one in store.published(results):
        try:
            yield index.entry(one.name, store.read(one), store.question(one))
        except StoreError as error:
            err.print(said(f"{one.name}: left out of the list: {error}", style="yellow"), soft_wrap=True)


def compare(  # noqa: PLR0913 - one argument for each option
    first: Annotated[str, typer.Argument(help="Name or folder of a session.")],
    second: Annotated[str, typer.Argument(help="Name or folder of another.")],
    *,
    page: Annotated[Path | None, typer.Option(help="Also write the comparison as a page to this file.")] = None,
    levels: Annotated[
        bool, typer.Option("--levels", help="Print the figures that moved even if machine or versions differ.")
    ] = False,
    results: Results,
    as_json: AsJson = False,
) -> None:
    _check_page(page)
    stored = [_measured(store.find(results, name)) for name in (first, second)]
    summaries = [summarise(one) for one in stored]
    seen = comparing.compare(*summaries, levels=levels)
    if page is not None:
        store.write_derived(page.parent, {page.name: render.comparison_page(summaries[1], stored[1], seen)})
    told = agreement(judge(stored[0]), judge(stored[1])) if any(one.session.claims for one in stored) else ()
    if told and not as_json:
        print("\n".join([*told, ""]))  # noqa: T201 - it stands before the Markdown
    if as_json:
        print_json(seen.model_dump(mode="json"))
    else:
        print(comparison_markdown(seen))  # noqa: T201 - Markdown is to be piped


def _check_page(page: Path | None) -> None:
    """Raise UsageError, before anything is read, where this can be no file."""
    if page is not None and (not page.name or page.is_dir()):
        raise UsageError(f"--page {cut(str(page))}: this is a folder; name a file in it, such as compare.html")


def tell(folder: Path, summary: Summary) -> None:
    if summary.session.label == "selftest":
        out.print(said((folder / "selftest.md").read_text(encoding="utf-8")), soft_wrap=True)
    elif summary.session.gate is not None:
        print_gate(folder, summary.session.gate)
    elif summary.session.claims:
        print_claims(folder)
    else:
        print_result(out, summary, shown(folder))
    if summary.session.interrupted:
        err.print(
            said(f"interrupted; go on with: {ending.how_to_go_on(summary.session)}", style="yellow"),
            soft_wrap=True,
        )
        raise typer.Exit(INTERRUPTED)
    refuse_if_all_failed(folder)


def _is_whole(summary: Summary) -> bool:
    """Whether it compares frameworks on every core workload with equal settings."""
    session = summary.session
    core = {workload.name for workload in CORE} <= {workload.name for workload in session.plan.workloads}
    varied = any(subject.factors for subject in session.plan.subjects)
    return core and _compares(session) and is_matched(session) and not varied


def _compares(session: Session) -> bool:
    """Whether it compares frameworks, and is no gate, no claims and no test of the rig."""
    return session.label != "selftest" and not session.claims and session.gate is None
