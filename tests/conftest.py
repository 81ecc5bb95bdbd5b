"""Fixtures that every test may ask for."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real smear images, which the repository does not contain."""
    if not (DATA / "labels.csv").exists():
        pytest.skip(f"real smear images are not at {DATA.parent.name}/{DATA.name}")
    return DATA
