"""How values look on a page: times, dates, numbers, ages. Filters for every template."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from flask import Flask, current_app, url_for
from markupsafe import Markup

from appliance.clock import now
from appliance.records.tables import FieldImage

NOTHING = "–"  # noqa: RUF001 - an en dash is what a page shows for "not given"


def init_app(app: Flask) -> None:
    """Make the filters known to Jinja."""
    app.jinja_env.filters.update(
        age=age, clock_time=clock_time, day=day, decimal=decimal, moment=moment, percent=percent
    )
    app.jinja_env.globals.update(asset=asset, now=now, verified_here=verified_here)
    app.extensions["asset_versions"] = {}


def moment(value: datetime | None) -> str:
    """Show date and time in the appliance's zone; the zone itself is in the title."""
    return NOTHING if value is None else _time(value, "%-d %b %Y %H:%M")


def clock_time(value: datetime | None) -> str:
    """Show the time of day only, with the date in the title."""
    return NOTHING if value is None else _time(value, "%H:%M")


def _time(value: datetime, pattern: str) -> Markup:
    local = value.astimezone()
    whole = local.strftime("%A %-d %B %Y %H:%M:%S %Z (UTC%z)")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), whole, local.strftime(pattern)
    )


def day(value: date | None) -> str:
    """Show a date, for instance 3 Mar 2026."""
    return NOTHING if value is None else value.strftime("%-d %b %Y")


def age(born: date | None, on: date | None = None) -> str:
    """Show an age: years, or months below three years, as laboratories write it."""
    if born is None:
        return "age unknown"
    on = on or now().astimezone().date()
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    return f"{months} months" if months < 36 else f"{months // 12} y"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Show a fraction as 42.7 %."""
    return NOTHING if fraction is None else f"{fraction * 100:.{digits}f} %"


def decimal(value: float | None, digits: int = 1) -> str:
    """Show a number with so many digits after the point."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def verified_here(rows: Iterable[FieldImage]) -> bool:
    """Say whether all suggestions of some images come from a model verified at this microscope."""
    stamps = [row.stamp for row in rows if row.stamp]
    return bool(stamps) and all(stamp.get("verified_here") for stamp in stamps)


def asset(name: str) -> str:
    """Return the address of a static file, with its content's hash so that it may be cached."""
    versions: dict[str, str] = current_app.extensions["asset_versions"]
    if name not in versions:
        content = (Path(current_app.static_folder or "") / name).read_bytes()
        versions[name] = sha256(content).hexdigest()[:10]
    return url_for("static", filename=name, v=versions[name])
