"""A short walk over every reader; `python -m tests.fuzz` is the long one."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.readers import READERS

INPUTS = {"manifests": 400, "summaries": 300, "sessions": 200, "commands": 150}


@pytest.mark.parametrize("name", READERS)
def test_whatever_is_read_is_accepted_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    reader = READERS[name](tmp_path)
    refused: list[bool] = []

    @settings(
        max_examples=INPUTS[name],
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.target),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**32))
    def walk(seed: int) -> None:
        refused.append(reader.try_one(Random(seed)) is not None)  # noqa: S311 - inputs, not secrets

    walk()
    assert any(refused), "nothing was ever refused: the changes do not reach the reader"
    assert not all(refused), "nothing was ever accepted: what follows the reading was never reached"
