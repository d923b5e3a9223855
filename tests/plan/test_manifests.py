"""Manifests are data: what is wrong with one is told in one line that names the file and the key."""

import os
from pathlib import Path

import pytest

from runners.errors import ManifestError, UsageError
from runners.plan.found import passed_over
from runners.plan.manifests import MANIFEST, find_frameworks, read_manifest, select_frameworks
from tests.small_subjects import small_framework


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return small_framework(tmp_path / "apps", "tiny")


def fault(manifest: Path, old: str, new: str) -> str:
    """What reading the manifest says once `old` has become `new` in it."""
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ManifestError) as raised:
        read_manifest(manifest)
    told = str(raised.value)
    assert "\n" not in told
    assert "apps/tiny/framework.toml" in told
    return told


def test_broken_toml_names_the_file_and_the_place(manifest: Path) -> None:
    assert "line 1" in fault(manifest, '"Tiny"', '"Tiny')


def test_the_mark_that_some_editors_begin_a_file_with_is_passed_over(manifest: Path) -> None:
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    assert read_manifest(manifest).title == "Tiny"


def test_bytes_that_are_not_utf_8_name_the_file(manifest: Path) -> None:
    manifest.write_bytes(manifest.read_bytes().replace(b"Tiny", b"T\xefny"))
    with pytest.raises(ManifestError, match=r"apps/tiny/framework\.toml: not valid TOML"):
        read_manifest(manifest)


def test_an_unknown_key_is_refused_by_name(manifest: Path) -> None:
    assert "key 'colour': unknown key" in fault(manifest, "title ", 'colour = "red"\ntitle ')


def test_an_unknown_key_in_a_table_is_refused_with_its_path(manifest: Path) -> None:
    assert "key 'concurrency.fibers': unknown key" in fault(manifest, "[concurrency]", "[concurrency]\nfibers = 3")


def test_an_unknown_key_of_the_stock_profiles_concurrency_is_refused_with_its_path(manifest: Path) -> None:
    told = fault(manifest, "threads = 8", "threads = 8\nconcurrency = { fibers = 3 }")
    assert "key 'stock.concurrency.fibers': unknown key" in told


def test_a_name_is_refused_because_the_folder_is_the_name(manifest: Path) -> None:
    assert "key 'name'" in fault(manifest, "title ", 'name = "other"\ntitle ')


@pytest.mark.parametrize(("key", "instead"), [("endpoints", "holds"), ("scripts", "names")])
def test_what_the_file_beside_it_says_is_no_key_of_a_manifest(manifest: Path, key: str, instead: str) -> None:
    told = fault(manifest, "title ", f"{key} = {{}}\ntitle ")
    assert f"key '{key}': not a key of a manifest; workload.toml beside it {instead} them" in told


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('title   = "Tiny"', "title"),
        ('package = "pytest"', "package"),
        ('loops   = ["asyncio"]', "loops"),
        ('sync_handlers  = "thread"', "concurrency.sync_handlers"),
        ("threads = 8", "stock.threads"),
    ],
)
def test_a_missing_key_is_named(manifest: Path, line: str, key: str) -> None:
    assert f"key '{key}': missing" in fault(manifest, f"{line}\n", "")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"Tiny"', "3", "title"),
        ('loops   = ["asyncio"]', 'loops   = "asyncio"', "loops"),
        ('async_handlers = "loop"', 'async_handlers = "fiber"', "concurrency.async_handlers"),
        ("threads = 8", 'threads = 8\nconcurrency = { sync_handlers = "fiber" }', "stock.concurrency.sync_handlers"),
        ("title   =", "threads = 0\ntitle   =", "threads"),
        ("title   =", 'threads = "many"\ntitle   =', "threads"),
        ("threads = 8", 'threads = "many"', "stock.threads"),
        ("threads = 8", "threads = 0", "stock.threads"),
        ("threads = 8", "threads = 2.5", "stock.threads"),
        ('"-m"', "7", "command.1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_what_was_seen(manifest: Path, old: str, new: str, key: str) -> None:
    told = fault(manifest, old, new)
    assert f"key '{key}': " in told
    assert "got " in told


def test_an_unknown_placeholder_is_named_with_those_there_are(manifest: Path) -> None:
    told = fault(manifest, '"{port}"', '"{port}", "{prot}"')
    assert "key 'command': unknown placeholder {prot}" in told
    assert "{port}" in told


def test_both_commands_may_name_the_manifests_folder(manifest: Path) -> None:
    text = manifest.read_text(encoding="utf-8").replace('"-m", "apps.tiny.app"', '"{folder}/app.py"')
    manifest.write_text(text, encoding="utf-8")
    framework = read_manifest(manifest)
    assert framework.command[1] == framework.stock.command[1] == "{folder}/app.py"


def test_scripts_are_named_beside_the_manifest_and_not_in_it(manifest: Path) -> None:
    assert "key 'scripts': not a key of a manifest; workload.toml beside it names them" in fault(
        manifest, "title ", "scripts = 3\ntitle "
    )


def test_a_placeholder_that_the_stock_profile_never_fills_is_refused(manifest: Path) -> None:
    told = fault(manifest, 'stock]\ncommand = ["{python}"', 'stock]\ncommand = ["{python}", "{threads}"')
    assert "key 'stock.command': unknown placeholder {threads}" in told


@pytest.mark.parametrize("word", ["{port", "port}", "{port}}"])
def test_a_stray_brace_is_shown_in_its_word(manifest: Path, word: str) -> None:
    told = fault(manifest, '"{port}"', f'"{{port}}", "{word}"')
    assert f"key 'command': {word!r} has a stray brace" in told


@pytest.mark.parametrize("word", ["{port:d}", "{port!r}", "{{port}}"])
def test_a_word_that_would_not_be_filled_in_is_refused(manifest: Path, word: str) -> None:
    assert "key 'command'" in fault(manifest, '"{port}"', f'"{word}"')


@pytest.mark.parametrize("placeholder", ["port", "host"])
def test_a_command_without_an_address_could_not_be_given_a_free_port(manifest: Path, placeholder: str) -> None:
    assert f"key 'command': {{{placeholder}}} is missing" in fault(manifest, f', "{{{placeholder}}}"', "")


def test_a_fixed_pool_and_a_command_that_is_told_of_threads_contradict_each_other(manifest: Path) -> None:
    old = '"{port}"]\n\n[concurrency]'
    told = fault(manifest, old, '"{port}", "{threads}"]\nthreads = 8\n\n[concurrency]')
    assert told.endswith(
        "key 'threads': the command takes {threads}, which is as many as are asked for; leave one of the two out"
    )


def test_an_empty_command_starts_nothing(manifest: Path) -> None:
    whole = 'command = ["{python}", "-m", "apps.tiny.app", "{host}", "{port}"]'
    assert "key 'command': empty" in fault(manifest, whole, "command = []")


def test_a_manifest_may_explain_a_workload_in_a_sentence(manifest: Path) -> None:
    assert read_manifest(manifest).explains == {}
    manifest.write_text(f"{manifest.read_text(encoding='utf-8')}\n[explains]\nasync-io = 'why'\n", encoding="utf-8")
    assert read_manifest(manifest).explains == {"async-io": "why"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('asink-io = "why"', "key 'explains.asink-io': no such workload; there are async-io, async-cpu"),
        ('async-io = " "', "key 'explains.async-io': empty"),
        ("async-io = 3", "key 'explains.async-io': "),
    ],
)
def test_an_explanation_without_a_workload_or_without_words_is_refused(manifest: Path, line: str, words: str) -> None:
    assert words in fault(manifest, "[concurrency]", f"[explains]\n{line}\n\n[concurrency]")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('cpu-thread = "no loop"', None),
        ('async-io = "too hard"', "key 'does_not_apply.async-io': no such workload; there are ping-sync"),
        ('cpu-thread = ""', "key 'does_not_apply.cpu-thread': empty"),
    ],
)
def test_only_an_extended_workload_may_not_apply_and_a_sentence_says_why(
    manifest: Path, line: str, words: str | None
) -> None:
    if words is not None:
        assert words in fault(manifest, "[concurrency]", f"[does_not_apply]\n{line}\n\n[concurrency]")
        return
    manifest.write_text(f"{manifest.read_text(encoding='utf-8')}\n[does_not_apply]\n{line}\n", encoding="utf-8")
    assert read_manifest(manifest).does_not_apply == {"cpu-thread": "no loop"}


def test_no_loop_at_all_is_refused(manifest: Path) -> None:
    assert "key 'loops': empty" in fault(manifest, '["asyncio"]', "[]")


def test_of_several_faults_the_first_is_told_and_the_rest_counted(manifest: Path) -> None:
    told = fault(manifest, 'title   = "Tiny"\npackage = "pytest"', "")
    assert "key 'title': missing" in told
    assert told.endswith("also wrong: 'package'")


def test_a_misspelt_key_is_told_before_the_one_that_is_missing_for_it(manifest: Path) -> None:
    told = fault(manifest, "title ", "titel ")
    assert "key 'titel': unknown key" in told
    assert "(is 'title' meant?)" in told
    assert told.endswith("also wrong: 'title'")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('loops   = ["asyncio"]', 'loops   = "asyncio"', "a list is needed"),
        ("threads = 8", 'threads = "many"', '"default-executor" for min(32, CPUs + 4)'),
        ('"{host}", "{port}"]\n\n', '"0.0.0.0", "{port}"]\n\n', "'0.0.0.0' holds an address; write {host} there"),
        ('"{host}", "{port}"]\n\n', '"::", "{port}"]\n\n', "'::' holds an address; write {host} there"),
        ('"{host}", "{port}"]\n\n', '"--bind=*:{port}"]\n\n', "'--bind=*:{port}' holds an address"),
        ('"{host}", "{port}"]\n\n', '"a::b", "{port}"]\n\n', "{host} is missing, so it could not be told where"),
        ("title   =", 'threads = "as many"\ntitle =', 'from 1, or "default-executor" for min(32, CPUs + 4), is needed'),
        ("title   =", 'requirements = ["./dist/mine.whl"]\ntitle =', 'such as "starlette==0.46.2" or "mine @ file:'),
        ("title   =", 'requirements = "mine"\ntitle =', "key 'requirements': a list is needed"),
        ("title   =", 'serves = "own"\ntitle =', "there are no endpoints; write workload.toml beside it"),
    ],
)
def test_a_usual_mistake_is_told_with_what_to_write(manifest: Path, old: str, new: str, words: str) -> None:
    assert words in fault(manifest, old, new)


def test_an_apps_folder_without_manifests_is_named(tmp_path: Path) -> None:
    (tmp_path / "apps" / "notes").mkdir(parents=True)
    with pytest.raises(ManifestError, match=f"no apps/.*framework.toml found.*{tmp_path}/apps"):
        find_frameworks(tmp_path / "apps")


def test_one_broken_manifest_is_told_and_stops_no_other_framework_unless_it_was_asked_for(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "good")
    small_framework(tmp_path / "apps", "bad").write_text("title = 1", encoding="utf-8")
    found = find_frameworks(tmp_path / "apps")
    assert [one.name for one in select_frameworks(found, ())] == ["good"]
    (line,) = found.left_out
    assert line.startswith("bad: left out: reading apps/bad/framework.toml: key 'title'")
    with pytest.raises(ManifestError, match=r"apps/bad/framework\.toml"):
        select_frameworks(found, ("good", "bad"))


def test_a_folder_with_an_app_and_no_manifest_is_passed_over_by_name(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "good")
    small_framework(tmp_path / "apps", "half").unlink()
    (tmp_path / "apps" / "notes").mkdir()
    assert passed_over((tmp_path / "apps",), MANIFEST) == ("half",)


def test_an_unknown_name_is_a_usage_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "tiny")
    with pytest.raises(UsageError, match=r"no framework is called 'tny'; there are tiny \(is 'tiny' meant\?\)$"):
        select_frameworks(find_frameworks(tmp_path / "apps"), ("tny",))
    with pytest.raises(UsageError, match=r"no framework is called 'django'; there are tiny$"):
        select_frameworks(find_frameworks(tmp_path / "apps"), ("django",))


def test_a_folder_without_a_manifest_is_told_as_such_where_it_was_asked_for(tmp_path: Path) -> None:
    small_framework(tmp_path / "apps", "good")
    small_framework(tmp_path / "apps", "half-way").unlink()
    found = find_frameworks(tmp_path / "apps")
    with pytest.raises(UsageError, match=r"'half-way': apps/half-way has no framework\.toml; see apps/README\.md$"):
        select_frameworks(found, ("half-way",))
    for name in ("..", "good/..", "x" * 300, ""):
        with pytest.raises(UsageError, match=r"; there are good($| \(is 'good' meant\?\)$)"):
            select_frameworks(found, (name,))


def test_frameworks_are_found_by_name_and_chosen_in_the_order_asked_for(tmp_path: Path) -> None:
    for name in ("zebra", "ant", "cow"):
        small_framework(tmp_path / "apps", name)
    found = find_frameworks(tmp_path / "apps")
    assert [f.name for f in found] == ["ant", "cow", "zebra"]
    assert [f.name for f in select_frameworks(found, ("cow", "ant", "cow"))] == ["cow", "ant"]
    assert select_frameworks(found, ()) == found.frameworks


def test_a_key_without_measure_is_told_in_short(tmp_path: Path) -> None:
    path = tmp_path / "apps" / "long" / "framework.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f"{'k' * 5_000} = 1\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="key '") as raised:
        read_manifest(path)
    assert len(str(raised.value)) < 1_000


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["framework.toml", "workload.toml"])
def test_a_pipe_or_a_file_of_a_terabyte_is_no_manifest_and_keeps_nobody_waiting(manifest: Path, name: str) -> None:
    path = manifest.with_name(name)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(ManifestError, match=rf"^reading apps/tiny/{name}: no regular file; put one in its place"):
        find_frameworks(manifest.parent.parent)
    path.unlink()
    with path.open("wb") as sparse:
        sparse.truncate(2**40)
    with pytest.raises(ManifestError, match=rf"^reading apps/tiny/{name}: 1,099,511,627,776 bytes where 1,048,576 are"):
        find_frameworks(manifest.parent.parent)
