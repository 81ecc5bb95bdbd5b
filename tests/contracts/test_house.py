"""The house rules that a reader would otherwise have to check by eye."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.errors import ApplianceError
from appliance.permissions import DESCRIPTIONS, ROLES, Permission, Role
from tests import wheels

ROOT = Path(__file__).parents[2]
ROOMS = ("appliance", "firmware_hooks", "models", "webui")
CHAPTERS = (
    *ROOMS,
    "appliance/exchange",
    "appliance/pipeline",
    "appliance/records",
    "appliance/services",
    "models/training",
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


@pytest.fixture(scope="module", autouse=True)
def in_a_checkout():
    if not (ROOT / ".git").exists():
        pytest.skip("these rules are about the checkout, and this is not one")


def test_no_product_file_is_longer_than_a_reader_holds_in_mind():
    files = [f for room in ROOMS for f in tracked(f"{room}/*.py")]
    too_long = {
        str(f.relative_to(ROOT)): lines
        for f in files
        if (lines := len(f.read_text("utf-8").splitlines())) > 400
    }
    assert files
    assert too_long == {}


def test_every_room_has_its_chapter():
    missing = [room for room in (*ROOMS, "systemd") if not (ROOT / room / "README.md").exists()]
    assert missing == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_names_each_module_of_its_folder_and_none_that_is_gone(chapter):
    folder = ROOT / chapter
    text = (folder / "README.md").read_text("utf-8")
    modules = {file.stem for file in tracked(f"{chapter}/*.py") if file.parent == folder}
    named = set(re.findall(r"\w+", text))
    assert sorted(modules - named - {"__init__"}) == []
    files = set(re.findall(r"`(\w+)\.py`", text))
    assert sorted(files - {file.stem for file in tracked("*.py")}) == []


def test_permissions_are_sorted_described_and_given_to_somebody():
    values = [permission.value for permission in Permission]
    assert values == sorted(values)
    assert set(DESCRIPTIONS) == set(Permission)
    assert set().union(*(ROLES[role] for role in Role)) == set(Permission)


def test_permissions_are_in_the_readme():
    text = (ROOT / "README.md").read_text("utf-8")
    assert [p.value for p in Permission if f"`{p.value}`" not in text] == []


def _all_errors(root: type[ApplianceError]) -> list[type[ApplianceError]]:
    return [root, *(below for child in root.__subclasses__() for below in _all_errors(child))]


def test_every_error_says_what_is_wrong_and_what_to_do():
    for error in _all_errors(ApplianceError):
        assert error.title
        assert error.advice.endswith((".", ":", "doctor")), error
        assert 400 <= error.status < 600


def _telltales() -> re.Pattern[str]:
    """Match where somebody works and fetches from; put together, so that this file has none."""
    folders = [f"/{name}/" for name in ("work", "root")] + ["/".join(("", "opt", "wheels"))]
    hosts = [".".join(("pypi", "org")), "".join(("python", "hosted")), "".join(("npm", "js"))]
    here = [f"{place}/" for place in (ROOT, Path.home()) if len(place.parts) > 1]
    return re.compile("|".join([r"\bsession \d", *map(re.escape, folders + hosts + here)]))


def test_nothing_of_a_developers_machine_is_in_the_tree():
    telltale, found = _telltales(), []
    for path in tracked():
        if "vendor" in path.parts or path.suffix in {".tflite", ".onnx", ".ttf", ".png"}:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in telltale.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "told", [("", "work", "main"), ("https:", "", "pypi" + ".org"), (f"see session {3}",)]
)
def test_a_developers_machine_is_recognised(told):
    assert _telltales().search("/".join(told))


@pytest.fixture(scope="module")
def asked():
    """The answers of the package index for each board, asked at once: most of it is waiting."""
    with ThreadPoolExecutor(len(wheels.BOARDS)) as pool:
        yield {board: pool.submit(wheels.resolve, *board) for board in wheels.BOARDS.items()}


@pytest.mark.slow
@pytest.mark.parametrize("board", wheels.BOARDS.items(), ids=lambda board: board[0])
def test_every_runtime_dependency_has_wheels_for_the_boards(asked, board):
    try:
        found = asked[board].result()
    except subprocess.CalledProcessError as error:
        if "No matching distribution found for pip" in error.stderr or "Errno" in error.stderr:
            pytest.skip("the package index does not answer")
        raise AssertionError(error.stderr) from error
    names = {entry.split("==")[0].lower().replace("_", "-") for entry in found}
    wanted = {wheels.name_of(r) for r in wheels.requirements()} - wheels.SOURCE_ONLY
    assert wanted <= names


def test_what_comes_as_source_only_needs_no_compiler():
    assert all(wheels.is_pure(project) for project in wheels.SOURCE_ONLY)
