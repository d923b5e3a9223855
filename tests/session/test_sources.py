"""Whatever of the folders of apps a session measures is part of its digest, however a manifest comes by it."""

from pathlib import Path

import pytest

from runners.model.subject import Settings
from runners.model.target import Target
from runners.plan.targets import target_subject
from runners.session.sources import sources_of
from tests.small_subjects import small_framework, small_subject

SHOP = Target(host="127.0.0.1", port=9000, like="shop")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, ...]:
    for place in ("first/ant", "first/bee", "first/shop", "second/model", "second/unused"):
        small_framework((tmp_path / place).parent, Path(place).name)
    return tmp_path / "first", tmp_path / "second"


def test_a_framework_its_model_and_the_app_that_its_command_names_are_sources(folders: tuple[Path, ...]) -> None:
    first, second = folders
    ant = small_subject("ant")
    assert sources_of([ant], folders) == (first / "ant",)
    assert sources_of([ant.model_copy(update={"like": "model"})], folders) == (first / "ant", second / "model")
    for word in ("apps.bee.app:app", "--app=apps.bee.app:create_app([])", "apps/bee/app.py"):
        named = ant.model_copy(update={"command": ("{python}", word)})
        assert sources_of([named], folders) == (first / "ant", first / "bee")


def test_of_a_running_server_the_sources_are_those_of_the_framework_it_is_like(folders: tuple[Path, ...]) -> None:
    mine = target_subject("mine", SHOP, Settings())
    assert sources_of([mine], folders) == (folders[0] / "shop",)
    assert sources_of([mine.model_copy(update={"like": "bee"})], folders) == (folders[0] / "bee", folders[0] / "shop")
