"""Is an answer right: that of the contract, or of an endpoint of a framework's own the one that its file says?"""

import json
from dataclasses import dataclass

from runners.model.request import Request, holds

MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was expected of an answer and what was seen, for reading, and whether they agree."""

    expected: str
    seen: str
    passed: bool


def judge(request: Request, status: int, text: str) -> Judged:
    """The answer's status and, where the file says more, its body; what a script for k6 says of it only k6 can tell."""
    passed, expected = status == request.status, str(request.status)
    if request.exact is not None:
        passed, expected = passed and text == request.exact, f"{expected} {request.exact[:MOST_SHOWN]}"
    elif request.json_subset is not None:
        passed = passed and _holds(text, request.json_subset)
        expected = f"{expected} with {json.dumps(request.json_subset)[:MOST_SHOWN]} in its JSON"
    return Judged(expected=expected, seen=f"{status} {text.strip()[:MOST_SHOWN]}", passed=passed)


def judge_result(result: str, status: int, media_type: str, text: str) -> Judged:
    """The answer of the contract: 200, JSON, and nothing in it but this result."""
    return Judged(
        expected=f'200 application/json {{"result": {_as_json(result)}}}',
        seen=f"{status} {media_type} {text.strip()[:MOST_SHOWN]}",
        passed=(status, media_type) == (200, "application/json") and _holds_exactly(text, result),
    )


def _holds(text: str, wanted: object) -> bool:
    try:
        return holds(json.loads(text), wanted)
    except (ValueError, RecursionError):
        return False


def _holds_exactly(text: str, result: str) -> bool:
    try:
        body = json.loads(text)
    except ValueError:
        return False
    return isinstance(body, dict) and list(body) == ["result"] and json.dumps(body["result"]) == _as_json(result)


def _as_json(result: str) -> str:
    return result if result.isdigit() else json.dumps(result)
