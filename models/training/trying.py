"""What every trial of a bundle is asked for on the command line, and how its figures are kept."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.settings import Settings
from models.training.data import CACHE

BUNDLE = Path(__file__).parents[1] / "bundles" / Settings.model
"""The released one."""
MEASURED = Path("build") / "evaluation"
"""Where figures lie before `card_figures` takes them into the card."""


def command_line(about: str | None, *, recipe: bool = False) -> argparse.ArgumentParser:
    """Ask for data, bundle and folders.

    Args:
        about: the trial's own docstring.
        recipe: the trial fits by the whole recipe: ask for its shaken views and seed, too.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with labels.csv")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=MEASURED)
    if recipe:
        parser.add_argument("--views", type=int, default=3)
        parser.add_argument("--seed", type=int, default=1)
    return parser


def keep(out: Path, name: str, found: Mapping[str, Any], page: str) -> None:
    """Write figures as NAME.json and as NAME.md, and print the latter."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (out / f"{name}.md").write_text(page, "utf-8")
    print(page)
