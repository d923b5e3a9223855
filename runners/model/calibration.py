"""What was measured before anything is compared."""

from typing import Literal

from runners.model.value import Duration, Planned, Rate, Seconds, Value


class GeneratorPoint(Value):
    """k6 against a server that does nothing: the most it sends, a request's cost, the fastest that an answer looks."""

    clients: Planned
    ceiling_per_s: Rate
    cpu_s_per_request: Seconds
    floor_p50_s: Seconds
    floor_p99_s: Seconds


class UnloadedPoint(Value):
    """One visit to a cell with one client: residence time (mean) and the server's CPU time of a request.

    A cell is visited several times; each visit is a point of its own. `requests` is how many there were.
    `capacity_per_s` is the most that the cell answered with any number of clients tried (`capacity_clients`), for the
    open model; `capacity_limit` says what kept it from more. `probe_s` is Usage.probe_s of that moment.
    """

    subject: str
    workload: str
    residence_s: Duration
    cpu_s_per_request: Seconds
    capacity_per_s: Rate | None = None
    probe_s: Duration | None = None
    requests: Rate | None = None
    capacity_clients: Planned | None = None
    capacity_limit: Literal["server", "generator", "clients"] | None = None


class PingPoint(Value):
    """CPU seconds that one ping costs a subject's server, on a kept or on a new connection, nothing else under way."""

    subject: str
    connection: Literal["kept", "new"]
    cpu_s_per_ping: Seconds
    probe_s: Duration | None = None


class Calibration(Value):
    generator: tuple[GeneratorPoint, ...]
    unloaded: tuple[UnloadedPoint, ...]
    pings: tuple[PingPoint, ...] = ()
    cached: bool = False
    disturbed: str | None = None
    """Why its figures are in doubt: the machine was disturbed at every attempt. Such a calibration is not kept."""
