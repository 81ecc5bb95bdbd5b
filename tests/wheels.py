"""Asks the package index whether every run-time dependency has wheels for the boards.

Raspberry Pi OS Bookworm (CPython 3.11, glibc 2.36) and Trixie (CPython 3.13, glibc 2.41), 64 bit:
nothing may need a compiler there. Run by `make wheels` and by the test suite.
"""

import configparser
import json
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

BOARDS = {"3.11": 36, "3.13": 41}
"""CPython version -> minor version of glibc."""

SOURCE_ONLY = {"flask-principal"}
"""On the index only as source; pure Python, which `is_pure` checks, so it installs anywhere."""


def requirements() -> list[str]:
    """Return the run-time dependencies of setup.cfg."""
    config = configparser.ConfigParser()
    config.read(Path(__file__).parents[1] / "setup.cfg")
    return config["options"]["install_requires"].split()


def name_of(requirement: str) -> str:
    """Return the project's name without version bounds."""
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]


def is_pure(name: str) -> bool:
    """Say whether the wheel that was built here from source holds no compiled code."""
    return "Tag: py3-none-any" in (metadata.distribution(name).read_text("WHEEL") or "")


def resolve(python: str, glibc: int) -> list[str]:
    """Resolve all dependencies, theirs too, from wheels alone.

    Returns:
        name==version of each.

    Raises:
        subprocess.CalledProcessError: one of them has no fitting wheel; stderr says which.
    """
    platforms = [
        "manylinux2014_aarch64",
        *(f"manylinux_2_{n}_aarch64" for n in range(17, glibc + 1)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--report", "-"),
                *("--ignore-installed", "--target", folder, "--only-binary", ":all:"),
                *("--implementation", "cp", "--python-version", python),
                *(part for platform in platforms for part in ("--platform", platform)),
                *(r for r in requirements() if name_of(r) not in SOURCE_ONLY),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    found = [entry["metadata"] for entry in json.loads(done.stdout)["install"]]
    return sorted(f"{item['name']}=={item['version']}" for item in found)


if __name__ == "__main__":
    for version, minor in BOARDS.items():
        print(f"CPython {version}, aarch64: {len(resolve(version, minor))} wheels")
    for project in sorted(SOURCE_ONLY):
        print(f"{project}: {'pure Python' if is_pure(project) else 'NEEDS A COMPILER'}")
