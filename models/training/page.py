"""Writes figures for people: the bundle's MODEL_CARD.md and its tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.card import CARD

MISSING = "Not measured yet: run `make evaluate`, then `python -m models.training.card_figures`."
DRAWN_COUNTS = ("pictures", "noticed", "empty", "flagged", "cells", "cells_flagged")


def write_page(folder: Path, template: Path) -> None:
    """Write MODEL_CARD.md: the template's words with the card's figures in their places."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    low, high = card["thresholds"]
    text = template.read_text("utf-8").format(
        id=card["id"],
        created=card["created"],
        sha256=card["files"]["model.tflite"],
        twins=twins_table(card["figures"]["twins"]),
        held_out=held_out_list(card["figures"]["held_out"]),
        low=f"{low:.2f}",
        high=f"{high:.2f}",
        threshold_note=card["calibration"]["thresholds_note"],
        int8=card["figures"]["int8"]["sentence"],
        matrix=matrix_table(card["figures"].get("leave_one_source_out", [])),
        learning_curve=curve_table(card["figures"].get("learning_curve", {})),
        latency=latency(card["figures"].get("latency")),
        prices=prices_table(card["figures"].get("flagged_where_left_out", {})),
        attention=attention_list(card["figures"].get("attention_on_masks", {})),
        fields=fields_table(card["figures"].get("fields", [])),
        cut_out=cut_out_list(card["figures"].get("cut_out", {})),
        drawn=drawn_sentences(card["figures"].get("drawn_pictures", {})),
        spoilt=spoilt_table(card["figures"].get("spoilt_pictures", {})),
        failures=failures_list(card.get("failures", [])),
        sources="\n".join(f"- {s['name']}: {s['what']} ({s['licence']})" for s in card["sources"]),
    )
    (folder / "MODEL_CARD.md").write_text(text, "utf-8")


def shown(figure: Mapping[str, Any] | None) -> str:
    """Write a figure with its interval, or a dash."""
    if not figure or figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})"


def twins_table(twins: Sequence[Mapping[str, Any]]) -> str:
    """Write the twins' figures as a Markdown table."""
    keys = ("auc", "sensitivity", "specificity", "calibration_error", "background_only_auc")
    lines = [
        "| trained with | tried on | cells | AUC | sensitivity | specificity "
        "| calibration error | AUC of the slide alone |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for twin in twins:
        cells = [shown(twin.get(key)) for key in keys]
        head = [twin["trained_without"], twin["tested_on"], str(twin["auc"]["cells"])]
        lines.append(f"| {' | '.join(head + cells)} |")
    return "\n".join(lines)


def held_out_list(figures: Mapping[str, Any]) -> str:
    """Write the released network's own figures as a list."""
    return "\n".join(f"- {name}: {shown(figure)}" for name, figure in figures.items())


def matrix_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """Write the leave-one-source-out matrix: a row a twin, a column what it was tried on."""
    tried = list(dict.fromkeys(entry["tried_on"] for entry in entries))
    lines = [f"| left out | {' | '.join(tried)} |", "|---" * (len(tried) + 1) + "|"]
    for away in dict.fromkeys(entry["left_out"] for entry in entries):
        cells = {e["tried_on"]: _matrix_cell(e) for e in entries if e["left_out"] == away}
        shown_cells = [
            f"**{cells[name]}**" if name == away else cells.get(name, "-") for name in tried
        ]
        lines.append(f"| {away} | {' | '.join(shown_cells)} |")
    return "\n".join(lines) if entries else MISSING


def _matrix_cell(entry: Mapping[str, Any]) -> str:
    if "auc" in entry:
        return f"AUC {shown(entry['auc'])}"
    return shown(entry["blasts_of_normal"])


def curve_table(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Write AUC and calibration error of the site head by number of cells."""
    if not curves:
        return MISSING
    sizes = sorted({point["cells"] for points in curves.values() for point in points})
    lines = [f"| source | {' | '.join(f'{n} cells' for n in sizes)} |"]
    lines.append("|---" * (len(sizes) + 1) + "|")
    for name, points in curves.items():
        known = {point["cells"]: point for point in points}
        row = [_curve_cell(known[n]) if n in known else "-" for n in sizes]
        lines.append(f"| {name} | {' | '.join(row)} |")
    return "\n".join(lines)


def _curve_cell(point: Mapping[str, Any]) -> str:
    span = f"{point['auc_low']:.3f}-{point['auc_high']:.3f}"
    return f"{point['auc']:.3f} ({span}) / {point['calibration_error']:.3f}"


def latency(times: Mapping[str, float] | None) -> str:
    """Say how long a cell takes, beside other libraries."""
    if not times:
        return MISSING
    named = {"ONNX Runtime": "onnxruntime_cell_ms", "OpenVINO": "openvino_cell_ms"}
    peers = [f"{times[key]:.2f} ms on {name}" for name, key in named.items() if key in times]
    return (
        f"One cell on one thread takes {times['litert_cell_ms']:.2f} ms, {' and '.join(peers)} "
        "(of each the faster of float and int8; OpenVINO runs the very int8 file), all in turn "
        f"on one machine: {times['litert_over_best_peer']:.2f} of the fastest of them."
    )


def prices_table(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Write what the flag costs at a source that was left out."""
    if not entries:
        return MISSING
    lines = [
        "| left out | its good cells flagged | good cells flagged of the others' test blocks |",
        "|---|---|---|",
    ]
    for away, entry in entries.items():
        lines.append(
            f"| {away} | {shown(entry['flagged'])} | {shown(entry['flagged_of_others'])} |"
        )
    return "\n".join(lines)


def attention_list(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Write how much of the attention lies on the cells of experts' masks."""
    if not entries:
        return MISSING
    return "\n".join(
        f"- {source}: {shown(entry['attention'])}; of the crop {shown(entry['area'])} is cell"
        for source, entry in entries.items()
    )


def fields_table(trials: Sequence[Mapping[str, Any]]) -> str:
    """Write how well fields with blasts are told from fields without."""
    if not trials:
        return MISSING
    keys = ("accuracy", "sensitivity", "specificity", "auc")
    lines = [
        "| fields, held out | fields (with blasts) | accuracy | sensitivity | specificity | AUC "
        "| put together by |",
        "|---|---|---|---|---|---|---|",
    ]
    for trial in trials:
        head = [trial["what"], f"{trial['fields']} ({trial['with_blasts']})"]
        tail = [*(shown(trial[key]) for key in keys), ", ".join(trial["poolings"])]
        lines.append(f"| {' | '.join(head + tail)} |")
    return "\n".join(lines)


def cut_out_list(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Write what becomes of cells that are cut out and laid on black."""
    if not entries:
        return MISSING
    return "\n".join(
        f"- {source}, {each['cells']} cells: AUC {each['auc']:.3f} as they are, "
        f"{each['auc_cut_out']:.3f} cut out; probability {each['probability_gap_mean']:.3f} apart "
        f"on average; flagged {each['outside']:.1%} and {each['outside_cut_out']:.1%}; "
        f"{each['not_found']} not found"
        for source, each in entries.items()
    )


def drawn_sentences(drawn: Mapping[str, Mapping[str, int]]) -> str:
    """Say what became of pictures that are no smear, shown in training and never shown."""
    lines = []
    for group in ("never shown", "of a kind shown"):
        kinds = {name: o for name, o in drawn.items() if name.endswith(group)}
        total = {key: sum(o[key] for o in kinds.values()) for key in DRAWN_COUNTS}
        if kinds:
            worst = min(kinds, key=lambda name: kinds[name]["noticed"] / kinds[name]["pictures"])
            least = kinds[worst]["noticed"] / kinds[worst]["pictures"]
            alone = (total["empty"] + total["flagged"]) / total["pictures"]
            lines.append(
                f"- {len(kinds)} kinds {group}, {total['pictures']} pictures: refused by the "
                f"quality gate, without a cell, or with every cell flagged "
                f"{total['noticed'] / total['pictures']:.1%}; without the gate {alone:.1%}. "
                f"{total['cells_flagged'] / max(total['cells'], 1):.1%} of {total['cells']} cells "
                f"found there were flagged. Worst: {worst}, {least:.1%}."
            )
    return "\n".join(lines) or MISSING


def spoilt_table(spoilt: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """Say how many cells of spoilt real pictures are flagged; first the price on good ones."""
    if not spoilt:
        return MISSING
    names = list(dict.fromkeys(name for found in spoilt.values() for name in found))
    lines = [f"| change | {' | '.join(names)} | neither flagged nor refused, of all |"]
    lines.append("|---" * (len(names) + 2) + "|")
    for change, found in spoilt.items():
        row = [
            f"{found[name]['cells_flagged'] / found[name]['cells']:.3f}"
            if name in found and found[name]["cells"]
            else "-"
            for name in names
        ]
        silent, cells = (sum(o[key] for o in found.values()) for key in ("cells_silent", "cells"))
        lines.append(f"| {change} | {' | '.join(row)} | {silent} of {cells} |")
    return "\n".join(lines)


def failures_list(failures: Sequence[Mapping[str, str]]) -> str:
    """Show the drawn pictures of known failures with what was said."""
    return "\n".join(
        f"![{each['what']}]({each['picture']})\n{each['what']} ({each['said']}).\n"
        for each in failures
    )
