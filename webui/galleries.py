"""Builds the gallery page: chips that filter, tiles sorted by probability, one page at a time."""

from collections.abc import Sequence

from flask import render_template, request

from appliance.records.tables import Examination, FieldImage
from webui import cellviews, readers, shapes
from webui.cellviews import PAGE, CellView


def page(
    examination: Examination,
    views: Sequence[CellView],
    rows: Sequence[FieldImage],
    *,
    of_field: FieldImage | None = None,
) -> str:
    """Render the gallery of the cells given, as the request's group and page ask."""
    group = request.args.get("group", "")
    shown = cellviews.by_probability(
        view for view in views if group not in cellviews.GROUPS or view.group == group
    )
    count = max(1, -(-len(shown) // PAGE))
    number = min(max(request.args.get("page", 1, int), 1), count)
    return render_template(
        "fields/gallery.html",
        examination=examination,
        of_field=of_field,
        shown=shown[(number - 1) * PAGE : number * PAGE],
        found=len(shown),
        number=number,
        count=count,
        group=group if group in cellviews.GROUPS else "",
        groups=cellviews.group_counts(views),
        labels=cellviews.LABELS,
        all_cells=len(views),
        tally=shapes.tally(cellviews.current(views)),
        how_far=cellviews.how_far(views),
        progress=shapes.progress(rows, {}, examination.status),
        may_read=readers.kind_now(examination) is not None,
        rows=rows,
    )
