"""What is sent to an endpoint that is not of the contract, and which answers to it are right."""

from pydantic import Field, JsonValue

from runners.model.value import Value

ANY = "*"
"""The expected result of an answer whose body may be anything."""


class Request(Value):
    """A request as it is sent, word for word, and what a right answer to it is.

    Every answer must have this `status`. Of `exact`, `json_subset` and `check` at most one says more: the whole body;
    JSON that must be found in the body's, where an object may hold other keys; or a script for k6, named from the
    folder that holds the framework's or by its whole path, whose default function is given the response and says
    whether it is right.
    """

    method: str = "GET"
    headers: dict[str, str] = Field(default={})
    body: str | None = None
    status: int = Field(default=200, ge=100, le=599)
    exact: str | None = None
    json_subset: JsonValue = None
    check: str | None = None


def holds(found: object, wanted: object) -> bool:
    """Whether JSON holds what is wanted: objects may have more keys, all else is equal; as in loadgen/request.js."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and holds(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(holds, found, wanted))
    return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted  # true is not 1, but 1.0 is
