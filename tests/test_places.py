"""Where things go hangs on the folder where one stands, and a module that apps share is never a matter of luck."""

from pathlib import Path

import pytest

from runners import places
from runners.errors import UsageError
from tests.clones import clone_like
from tests.conftest import ROOT
from tests.small_subjects import small_framework


def test_in_this_clone_the_shipped_files_are_its_own() -> None:
    assert (places.APPS, places.LOADGEN) == (ROOT / "apps", ROOT / "loadgen")
    assert places.clone_above(ROOT / "docs") == ROOT


def test_results_go_to_the_clone_from_any_folder_of_it_and_elsewhere_to_where_one_stands(tmp_path: Path) -> None:
    clone = clone_like(tmp_path / "clone")
    assert places.results_for(clone / "apps") == clone / "results"
    assert places.results_for(clone) == clone / "results"
    (clone / "loadgen" / "closed.js").unlink()
    assert places.results_for(clone / "apps") == clone / "apps" / "results"


def test_frameworks_beside_one_are_found_but_no_other_folder_called_apps(tmp_path: Path) -> None:
    (tmp_path / "apps" / "billing").mkdir(parents=True)  # as a web project has it
    assert places.apps_for(tmp_path) == ()
    (tmp_path / "apps" / "half").mkdir()
    (tmp_path / "apps" / "half" / "app.py").touch()  # its manifest is still to be written, and is missed
    assert places.apps_for(tmp_path) == (tmp_path / "apps",)
    small_framework(tmp_path / "apps", "mine")
    assert places.apps_for(tmp_path) == (tmp_path / "apps",)
    assert places.apps_for(ROOT) == ()


def test_a_new_framework_goes_beside_one_and_never_into_a_clone_that_is_not_what_runs(tmp_path: Path) -> None:
    assert places.new_apps_for(tmp_path) == tmp_path / "apps"
    assert places.new_apps_for(ROOT / "docs") == ROOT / "apps"
    with pytest.raises(UsageError, match="what runs is an installed copy"):
        places.new_apps_for(clone_like(tmp_path / "clone"))


def test_the_shipped_apps_come_first_and_each_folder_once(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    again = two / ".." / "one"
    assert places.with_shipped((one, two, again)) == (ROOT / "apps", again, two)
    assert places.with_shipped((one,), shipped=False) == (one,)
    assert places.with_shipped((ROOT / "apps",)) == (ROOT / "apps",)
    assert places.elsewhere((ROOT / "apps", one)) == (one,)


@pytest.mark.parametrize("name", ["workloads.py", "extended.py", "database.py"])
def test_a_module_that_the_shipped_apps_share_is_refused_elsewhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.py").touch()
    assert places.with_shipped((tmp_path,)) == (ROOT / "apps", tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match=rf"{tmp_path}: its {name} would never be used"):
        places.with_shipped((tmp_path,))
