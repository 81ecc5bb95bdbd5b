"""Draws statistics as SVG: plain numbers in, markup out.

Every picture says its unit on its axes and tells kinds apart by form too, not by colour alone. What
they mean is not decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from appliance.exchange.vector import ink, themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = Sequence[float]

_DRAWING = Lock()
"""matplotlib draws one picture at a time."""
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "scopeside",
    "font.size": 11.0,
    "text.color": ink("text"),
    "axes.labelcolor": ink("text"),
    "axes.edgecolor": ink("quiet"),
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": ink("line"),
    "xtick.color": ink("quiet"),
    "ytick.color": ink("quiet"),
    "xtick.labelcolor": ink("text"),
    "ytick.labelcolor": ink("text"),
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "lines.linewidth": 2.0,
    "hatch.linewidth": 1.5,
}
_INCH = 72.0


@dataclass(frozen=True, slots=True)
class Quartiles:
    """A quantity by week, or of what it is held against: NaN where there is none."""

    low: Numbers
    median: Numbers
    high: Numbers


@dataclass(frozen=True, slots=True)
class Bars:
    """One kind of thing counted by week."""

    label: str
    counts: Numbers


def roc_chart(
    false_alarms: Numbers,
    sensitivity: Numbers,
    low: Numbers,
    high: Numbers,
    *,
    marks: Sequence[tuple[float, float, str]] = (),
    label: str,
) -> str:
    """Draw a ROC curve with its band.

    Args:
        false_alarms: 0 to 1, rising.
        sensitivity: 0 to 1.
        low: lower end of the sensitivity's interval, at each point.
        high: upper end.
        marks: points to be named: false alarms, sensitivity, words.
        label: the picture in a sentence.
    """
    with _DRAWING:
        figure, axes = _sheet(400, 350)
        axes.plot([0, 1], [0, 1], color=ink("quiet"), linestyle=(0, (4, 4)), linewidth=1)
        axes.fill_between(false_alarms, low, high, color=ink("accent"), alpha=0.2, linewidth=0)
        axes.plot(false_alarms, sensitivity, color=ink("accent"))
        behind = {"facecolor": ink("surface"), "edgecolor": "none", "alpha": 0.8, "pad": 1}
        for x, y, words in marks:
            axes.plot([x], [y], "o", color=ink("text"), markersize=7, fillstyle="none")
            axes.annotate(words, (x, y), (9, -13), textcoords="offset points", bbox=behind)
        _fractions(axes)
        axes.set_xlabel("Normal cells called blast")
        axes.set_ylabel("Blasts called blast")
        return _markup(figure, "roc", label)


def reliability_chart(
    said: Numbers, seen: Numbers, low: Numbers, high: Numbers, *, label: str
) -> str:
    """Draw what was said against what was seen, each 0 to 1, with intervals as bars."""
    with _DRAWING:
        figure, axes = _sheet(400, 350)
        axes.plot([0, 1], [0, 1], color=ink("quiet"), linestyle=(0, (4, 4)), linewidth=1)
        axes.vlines(said, low, high, color=ink("accent"), linewidth=2)
        axes.plot(said, seen, "o-", color=ink("accent"), markersize=6, linewidth=1)
        _fractions(axes)
        axes.set_xlabel("Probability of a blast, as suggested")
        axes.set_ylabel("Share that readers called blast")
        return _markup(figure, "reliability", label)


def table_chart(
    counts: Sequence[Sequence[int]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    row_title: str,
    column_title: str,
    name: str,
    label: str,
) -> str:
    """Draw a table of counts, the fuller a field of its row the darker; the diagonal agrees."""
    with _DRAWING:
        figure, axes = _sheet(400, 126 + 56 * len(rows), left=96, bottom=12, top=62)
        for y, line in enumerate(counts):
            for x, count in enumerate(line):
                agrees = rows[y] == columns[x]
                axes.fill_between(
                    [x - 0.48, x + 0.48],
                    y - 0.46,
                    y + 0.46,
                    color=ink("accent" if agrees else "attention"),
                    alpha=0.08 + 0.32 * count / max(sum(line), 1),
                    linewidth=0,
                )
                axes.text(x, y, f"{count}", ha="center", va="center", fontsize=15)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(column_title, color=ink("quiet"), labelpad=9)
        axes.set_ylabel(row_title, color=ink("quiet"))
        return _markup(figure, name, label)


def weeks_chart(
    weeks: Sequence[str],
    values: Quartiles,
    *,
    unit: str,
    name: str,
    label: str,
    reference: tuple[float, float, float] | None = None,
    marked: Sequence[bool] = (),
) -> str:
    """Draw medians by week with their quartiles as bars.

    Args:
        weeks: what the axis says of each; every second one is left out where there are many.
        values: of as many weeks.
        unit: of the values, on the axis.
        name: of the picture, unlike others of the page.
        label: the picture in a sentence.
        reference: quartiles they are held against, as a band.
        marked: weeks that are said to have shifted.
    """
    with _DRAWING:
        figure, axes = _sheet(560, 240)
        places = list(range(len(weeks)))
        if reference:
            low, middle, high = reference
            axes.axhspan(low, high, color=ink("normal"), alpha=0.18, linewidth=0)
            axes.axhline(middle, color=ink("normal"), linewidth=1, linestyle=(0, (6, 3)))
        axes.vlines(places, values.low, values.high, color=ink("accent"), linewidth=2.5)
        axes.plot(places, values.median, "o-", color=ink("accent"), markersize=5, linewidth=1)
        for place, shifted in enumerate(marked):
            if shifted:
                at = values.median[place]
                axes.plot([place], [at], "D", color=ink("attention"), markersize=12)
                axes.annotate("!", (place, at), color=ink("surface"), ha="center", va="center")
        _weeks(axes, weeks)
        axes.set_ylabel(unit)
        return _markup(figure, name, label)


def bars_chart(
    weeks: Sequence[str], kinds: Sequence[Bars], *, unit: str, name: str, label: str
) -> str:
    """Draw counts by week side by side, at most three kinds."""
    with _DRAWING:
        figure, axes = _sheet(560, 240)
        width = 0.8 / len(kinds)
        looks = (("accent", None), ("normal", "///"), ("blast", "..."))
        for number, (kind, (colour, hatch)) in enumerate(zip(kinds, looks, strict=False)):
            places = [week - 0.4 + width * (number + 0.5) for week in range(len(weeks))]
            axes.bar(
                places,
                kind.counts,
                width * 0.92,
                label=kind.label,
                facecolor=ink(colour) if hatch is None else "none",
                edgecolor=ink(colour),
                hatch=hatch,
            )
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(kinds), borderaxespad=0.2)
        _weeks(axes, weeks)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", integer=True)
        axes.set_ylabel(unit)
        axes.grid(visible=False, axis="x")
        return _markup(figure, name, label)


def _sheet(
    width: float, height: float, *, left: float = 58, bottom: float = 48, top: float = 26
) -> "tuple[Figure, Axes]":
    """Begin a picture of so many points, with one pair of axes in it."""
    # Half a second and 25 MiB that a start without statistics must not cost.
    import matplotlib  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    matplotlib.rcParams.update(_STYLE)
    figure = Figure(figsize=(width / _INCH, height / _INCH), facecolor="none")
    right = 14
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - bottom - top) / height,
        )
    )
    return figure, axes


def _fractions(axes: "Axes") -> None:
    """Let both axes run from 0 to 1, in percent."""
    steps = [0.0, 0.25, 0.5, 0.75, 1.0]
    words = [f"{step * 100:.0f} %" for step in steps]
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xticks(steps, words)
    axes.set_yticks(steps, words)


def _weeks(axes: "Axes", weeks: Sequence[str]) -> None:
    step = 1 + (len(weeks) - 1) // 7
    places = list(range(0, len(weeks), step))
    axes.set_xticks(places, [weeks[place] for place in places])
    axes.set_xlim(-0.6, len(weeks) - 0.4)
    axes.set_xlabel("Week from")


def _markup(figure: "Figure", name: str, label: str) -> str:
    drawn = StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return themed(drawn.getvalue(), name=name, label=label)
