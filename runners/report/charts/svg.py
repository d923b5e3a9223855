"""Specifications as SVG documents; imports little, so that a worker process starts fast."""

import os
import re
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import vl_convert

MANY = 20
"""From how many drawings on starting worker processes pays: a drawing takes about 80 ms, a worker's start 500 ms."""


def draw(specification: Mapping[str, Any]) -> str:
    return _numbered_afresh(vl_convert.vegalite_to_svg(dict(specification), allowed_base_urls=[]))


def _numbered_afresh(svg: str) -> str:
    """The same document whatever was drawn before: the library counts its clip paths through a process's life."""
    seen: dict[str, str] = {}
    return re.sub(r"(?<=[\"#])clip\d+", lambda match: seen.setdefault(match[0], f"clip{len(seen) + 1}"), svg)


def draw_all(specifications: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Every drawing by its stem, on all cores where there are many."""
    workers = min(os.cpu_count() or 1, len(specifications) // (MANY // 2))
    if len(specifications) < MANY or workers < 2:  # noqa: PLR2004  (one worker is slower than none)
        return {stem: draw(one) for stem, one in specifications.items()}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return dict(zip(specifications, pool.map(draw, specifications.values(), chunksize=4), strict=True))
