"""The quality gate: whether a field is fit to be read, and what to do at the microscope if not.

Decides only whether numbers are good enough; they are measured in `appliance.pipeline.optics`.
The limits were set on real fields (see DEFAULTS); none of them depends on the image's size.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.optics import (
    FieldView,
    Mask,
    evenness,
    look,
    mean_density,
    outer_shapes,
    sharpness,
    typical_width_px,
)
from appliance.pipeline.pieces import pieces
from appliance.pipeline.surround import cut_out, laid_on_glass
from appliance.vocabulary import Pixels, Quality, QualityCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """Where each check passes; inclusive."""

    focus_low: float = 5.2
    """Edge widths per cell: below, an edge of a red cell is more than 1.4 um wide."""
    exposure_low: float = 45.0
    """Level of the clear background, % of full scale."""
    clipping_high: float = 40.0
    """Pixels that are wholly white or wholly black, %."""
    evenness_low: float = 55.0
    """Light in the darkest part of the background, % of the brightest."""
    stain_low: float = 0.10
    """Hue distance between nuclei and red cells in density space (see `_stain_contrast`)."""
    cells_low: float = 1.0
    """Nuclei of white cells seen."""
    clear_low: float = 20.0
    """Clear background, % of the picture."""
    resolution_low: float = 24.0
    """Pixels across a cell that was cut out: of allidb2 cut out and made smaller, the network has
    an AUC of 0.98 at 40 pixels and 0.93 at 24; at 20 it knows nothing like one in four of them."""


DEFAULTS = QualityLimits()
"""Set on ALL-IDB1, ALL-IDB2, BCCD, PBC and Taleqani fields, and on the same spoilt on purpose."""

_PURPLE_LEAST = 0.08  # optical density by which a nucleus absorbs green more than red and blue
_PURPLE_HUE_LEAST = 0.15  # the same as a share of its whole density; 0.25 to 0.68 on real fields
_FOREIGN_MOST = 0.25  # share of the stain's density in green or yellow; at most 0.19 on real fields
_FEWEST_PX = 20
_NUCLEUS_LEAST = 0.45  # of a red cell's width; a platelet is smaller
_SHRED = 0.2  # area over that of the largest piece on black; what is smaller is no cell
_CUT_OUT_NUCLEUS = 0.16
"""Nuclei over what is shown on black: 0.17 to 0.92 of cells cut out of allidb2, wbcseg, pbc and
taleqani, at most 0.15 of whole fields of bccd and allidb1 seen through a round hole."""
_MOST_NUCLEI = 4  # of one piece: a granulocyte's lobes


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """What of a view is nucleus and what is the rest, mostly red cells."""

    purple: Mask
    nuclei: int
    cell_px: float
    """Width of a typical cell, in pixels of the view; 0 where nothing is to be seen."""


def assess(pixels: Pixels, *, limits: QualityLimits = DEFAULTS, greyscale: bool = False) -> Quality:
    """Judge a field before it is analysed.

    Args:
        pixels: (height, width, 3) uint8, RGB, sRGB; of any size, whole field or single cell.
        limits: where each check passes.
        greyscale: the original had no colour, so that its stain cannot be judged.

    Returns:
        Seven checks: focus, exposure, clipping, evenness, stain, cells, thickness. Of cells that
        were cut out and laid on black two: cut-out (a remark, which always passes), resolution.
    """
    # Without colour a cell on black cannot be told from anything else that is grey on black.
    shown = None if greyscale else cut_out(pixels)
    if shown is not None:
        view = look(laid_on_glass(pixels, shown))
        widths = _cut_out_widths(shown)
        if _are_cells(view, shown, len(widths)):
            return _of_cut_out(widths, 100 * (1 - float(shown.mean())), limits)
    view = look(pixels)
    content = _content(view, greyscale=greyscale)
    stain = _check_stain(view, content, limits, greyscale=greyscale)
    # Where nuclei and the rest have one colour, what looks like nuclei are red cells in heaps.
    nuclei = content.nuclei if stain.passed or greyscale else 0
    return Quality(
        checks=(
            _check_focus(pixels, view, content, limits),
            _check_exposure(view, limits),
            _check_clipping(view, limits),
            _check_evenness(view, limits),
            stain,
            _check_cells(nuclei, limits),
            _check_thickness(view, limits),
        )
    )


def _cut_out_widths(shown: Mask) -> NDArray[np.float64]:
    """Return the diameters of circles as large as each piece on black, shreds left out, in px."""
    areas = pieces(shown, connectivity=8)[1]
    return np.asarray(np.sqrt(4 / np.pi * areas[areas >= max(1, _SHRED * areas.max())]))


def _are_cells(view: FieldView, shown: Mask, count: int) -> bool:
    """Tell whether what was laid on black is white cells, rather than a field or another thing."""
    content = _content(view, greyscale=False)
    if not 1 <= content.nuclei <= _MOST_NUCLEI * count or _foreign_share(view) > _FOREIGN_MOST:
        return False
    area = cv2.countNonZero(shown) * view.scale**2
    hue = _hue(*cv2.mean(view.density, content.purple)[:3])
    share = cv2.countNonZero(content.purple) / area
    return bool(share >= _CUT_OUT_NUCLEUS and hue[0] >= _PURPLE_HUE_LEAST)


def _of_cut_out(widths: NDArray[np.float64], black: float, limits: QualityLimits) -> Quality:
    """Say what can be judged of cells that were cut out, and what cannot."""
    least, one = round(float(widths.min()), 1), len(widths) == 1
    what = "One cell" if one else f"{len(widths)} cells"
    surround = QualityCheck(
        "cut-out", round(black, 1), None, None, "% black", True,
        f"{what}, cut out of the slide and laid on black. Focus, light, white balance and stain"
        " cannot be judged, as nothing of the slide is left around, nor sizes, as no red cell is."
        " Look whether it is sharp, and add the whole field instead where you have it.",
    )  # fmt: skip
    passed = least >= limits.resolution_low
    which = "the cell" if one else "the smallest cell"
    sentence = f"Large enough: {which} is {least:.0f} pixels across."
    if not passed:
        sentence = (
            f"Too small: {which} is {least:.0f} pixels across, which hides its chromatin. Add the"
            " picture at its full size, or the whole field, taken with a stronger objective."
        )
    resolution = QualityCheck(
        "resolution", least, limits.resolution_low, None, "px across", passed, sentence
    )
    return Quality((surround, resolution))


def _content(view: FieldView, *, greyscale: bool) -> _Content:
    """Tell nuclei from the rest and find the scale from both."""
    if greyscale:
        # Without colour only depth is left: nuclei are far denser than red cells.
        depth = mean_density(view.density)
        red_cells = np.median(depth[view.stained > 0]) if view.stained.any() else 0.0
        purpleness = np.asarray(depth - 2 * red_cells, np.float32)
    else:
        purpleness = purple_density(view.density)
    purple = _nuclear_mask(purpleness, view.stained)
    lobe_px = typical_width_px(purple)
    nuclei_px = _nuclear_widths(purple, lobe_px)
    widths = [typical_width_px(outer_shapes(mask)) for mask in (view.stained, view.cores)]
    cell_px = min((width for width in widths if width), default=0.0)
    if len(nuclei_px):
        # Holds the scale where red cells lie in heaps, or in rows whose gaps were filled with
        # them: nuclei are 0.6 to 2 times as wide as red cells, lobes of nuclei 0.4 to 2 times.
        nucleus_px = _typical(nuclei_px)
        cell_px = min(max(cell_px, 0.5 * lobe_px), 1.6 * lobe_px, 1.1 * nucleus_px)
    large = nuclei_px > _NUCLEUS_LEAST * cell_px
    return _Content(purple=purple, nuclei=int(np.count_nonzero(large)), cell_px=cell_px)


def purple_density(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by how much green is absorbed beyond the mean of red and blue, in optical density.

    The azure-eosin complex of Romanowsky stains in chromatin absorbs at 550 nm, more than the
    eosin or haemoglobin of a red cell does (Horobin and Walter 1987, Histochemistry 86:331).
    """
    weights = np.array([[-0.5, 1.0, -0.5]], np.float32)
    return np.asarray(cv2.transform(density, weights), np.float32)


def _nuclear_mask(purpleness: NDArray[np.float32], stained: Mask) -> Mask:
    if cv2.countNonZero(stained) < _FEWEST_PX:
        return np.zeros_like(stained)
    upper = purpleness[(purpleness > _otsu(purpleness, stained)) & (stained > 0)]
    nuclear = float(np.median(upper)) if len(upper) else 0.0
    limit = max(_PURPLE_LEAST, 0.55 * nuclear)
    mask = np.greater(purpleness, limit).view(np.uint8) & stained
    return outer_shapes(np.asarray(cv2.medianBlur(mask, 5), np.uint8))


def _otsu(values: NDArray[np.float32], mask: Mask) -> float:
    """Return the value between two classes (Otsu 1979, IEEE Trans. SMC 9:62)."""
    low, high = -0.1, 0.6
    # Half the time of np.histogram of the values in the mask (0.4 for 0.8 ms).
    counts = cv2.calcHist([values], [0], mask, [64], [low, high]).ravel().astype(np.float64)
    edges = np.linspace(low, high, 65)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts)
    moment = np.cumsum(counts * centres)
    rest = weight[-1] - weight
    between = (moment[-1] * weight - moment * weight[-1]) ** 2 / np.maximum(weight * rest, 1)
    return float(centres[int(np.argmax(between))])


def _nuclear_widths(purple: Mask, lobe_px: float) -> NDArray[np.float64]:
    """Return the diameters of circles as large as each nucleus, ascending."""
    reach = max(1, int(0.2 * lobe_px))
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    # The lobes of one neutrophil are put together.
    joined = np.asarray(cv2.morphologyEx(purple, cv2.MORPH_CLOSE, ellipse), np.uint8)
    _, areas = pieces(joined, connectivity=8)
    return np.sort(np.sqrt(4 / np.pi * areas[1:]))


def _typical(widths: NDArray[np.float64]) -> float:
    areas = np.cumsum(widths**2)
    return float(widths[np.searchsorted(areas, areas[-1] / 2)])


def _check_focus(
    pixels: Pixels, view: FieldView, content: _Content, limits: QualityLimits
) -> QualityCheck:
    value = sharpness(pixels, content.cell_px / view.scale) if content.cell_px else 0.0
    value = round(value, 2)
    passed = value >= limits.focus_low
    if not value:
        sentence = "There is nothing to focus on. Bring stained cells into view and focus on them."
    elif passed:
        sentence = f"Sharp: the edge of a cell takes {100 / value:.0f} % of its width."
    else:
        sentence = (
            f"Blurred: the edge of a cell takes {100 / value:.0f} % of its width. Turn the fine"
            " focus until grain shows in the nuclei, check for oil or dust, and capture again."
        )
    return QualityCheck(
        "focus", value, limits.focus_low, None, "edge widths per cell", passed, sentence
    )


def _check_exposure(view: FieldView, limits: QualityLimits) -> QualityCheck:
    value = round(float(view.background[1]) / 2.55, 1)
    passed = value >= limits.exposure_low
    sentence = f"The clear background is at {value:.0f} % of full scale."
    if not passed:
        sentence = (
            f"Too dark: the clear background is at {value:.0f} % of full scale. Turn up the lamp,"
            " open the condenser, or expose longer."
        )
    return QualityCheck(
        "exposure", value, limits.exposure_low, None, "% of full scale", passed, sentence
    )


def _check_clipping(view: FieldView, limits: QualityLimits) -> QualityCheck:
    red, green, blue = cv2.split(view.pixels)
    brightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    white, black = 100 * float((darkest >= 253).mean()), 100 * float((brightest <= 2).mean())
    value = round(white + black, 1)
    passed = value <= limits.clipping_high
    sentence = f"{value:.0f} % of the picture is plain white or black."
    if not passed and white > black:
        sentence = (
            f"Overexposed: {value:.0f} % of the picture is plain white, and pale cells are lost in"
            " it. Turn down the lamp or expose shorter."
        )
    elif not passed:
        sentence = (
            f"{value:.0f} % of the picture is plain black. Remove what covers the light, or crop"
            " the black part away."
        )
    return QualityCheck("clipping", value, None, limits.clipping_high, "%", passed, sentence)


def _check_evenness(view: FieldView, limits: QualityLimits) -> QualityCheck:
    value = round(100 * evenness(view), 1)
    passed = value >= limits.evenness_low
    sentence = (
        f"The darkest part of the background has {value:.0f} % of the light of the brightest."
    )
    if not passed:
        sentence += " Centre the condenser and the lamp, open the field diaphragm, and look for"
        sentence += " something in the light path."
    return QualityCheck(
        "evenness", value, limits.evenness_low, None, "% of the brightest", passed, sentence
    )


def _check_stain(
    view: FieldView, content: _Content, limits: QualityLimits, *, greyscale: bool
) -> QualityCheck:
    value, fault = (0.0, _GREY) if greyscale else _stain_contrast(view, content)
    value = round(value, 3)
    passed = value >= limits.stain_low
    if passed:
        sentence = "Purple nuclei stand out from red cells as in a Romanowsky stain."
    else:
        sentence = fault or _ONE_COLOUR
    return QualityCheck("stain", value, limits.stain_low, None, "hue distance", passed, sentence)


_GREY = (
    "The picture has no colour, so the stain cannot be judged; suggestions rest on colour."
    " Capture it in colour."
)
_NO_PURPLE = (
    "No purple nuclei are seen: the slide is unstained, too pale, or stained otherwise. Check the"
    " field, the stain and the white balance."
)
_FOREIGN = (
    "Much of the stain is green or yellow, which a Romanowsky stain is not. Check the white"
    " balance, the filters and the stain."
)
_ONE_COLOUR = (
    "Nuclei and red cells have the same colour. Check that the slide has a Romanowsky stain, and"
    " its buffer and time."
)


def _stain_contrast(view: FieldView, content: _Content) -> tuple[float, str]:
    """Measure whether two dyes are there, the purple of nuclei and the pink or grey of red cells.

    The hue of a colour in density space is what each channel absorbs as a share of all three,
    which does not depend on how much dye there is (Ruifrok and Johnston 2001, Anal Quant Cytol
    Histol 23:291). The value is the distance of the mean hues of nuclei and of the rest, in the
    plane spanned by green over the others (purple) and red over blue; 0 with a fault named where
    there is no purple or much of a colour that no Romanowsky stain has.
    """
    nuclei = content.purple & view.stained
    rest = view.stained & ~nuclei
    if cv2.countNonZero(nuclei) < _FEWEST_PX:
        return 0.0, _NO_PURPLE
    if cv2.countNonZero(rest) < _FEWEST_PX:
        return 0.0, _ONE_COLOUR
    if _foreign_share(view) > _FOREIGN_MOST:
        return 0.0, _FOREIGN
    of_nuclei, of_rest = (_hue(*cv2.mean(view.density, part)[:3]) for part in (nuclei, rest))
    if of_nuclei[0] < _PURPLE_HUE_LEAST:
        return 0.0, _NO_PURPLE
    return float(np.hypot(*(of_nuclei - of_rest))), ""


def _hue(red: float, green: float, blue: float) -> NDArray[np.float64]:
    """Return purple over its opposite green, and red absorbed over blue absorbed."""
    total = red + green + blue + 1e-3
    return np.array([green - (red + blue) / 2, red - blue]) / total


def _foreign_share(view: FieldView) -> float:
    """Return the share of the stain that is greener or yellower than Romanowsky stains are.

    Green: green - (red + blue) / 2 < -0.1 of the sum; yellow: red - blue < -0.6 of it.
    """
    # On whole planes: picking the stained pixels out first takes six times as long (2.4 ms).
    amount, green, yellow = (
        cv2.transform(view.density, np.array([weights], np.float32))
        for weights in ((1, 1, 1), (-0.4, 1.1, -0.4), (1.6, 0.6, -0.4))
    )
    foreign = np.less(cv2.min(green, yellow), 0).view(np.uint8) & view.stained
    part, whole = (cv2.sumElems(amount * mask)[0] for mask in (foreign, view.stained))
    return part / max(whole, 1e-6)


def _check_cells(value: int, limits: QualityLimits) -> QualityCheck:
    passed = value >= limits.cells_low
    sentence = f"About {value} {'nucleus' if value == 1 else 'nuclei'} of white cells in view."
    if not passed:
        sentence = (
            f"Too few white cells: about {value} in view, at least {limits.cells_low:.0f} needed."
            " Move to a part of the smear that has white cells."
        )
    return QualityCheck("cells", float(value), limits.cells_low, None, "nuclei", passed, sentence)


def _check_thickness(view: FieldView, limits: QualityLimits) -> QualityCheck:
    value = round(100 * (1 - float(view.stained.mean())), 1)
    passed = value >= limits.clear_low
    sentence = f"{value:.0f} % of the picture is clear background."
    if not passed:
        sentence = (
            f"Too thick: only {value:.0f} % of the picture is clear background, so cells overlap."
            " Move towards the thin end of the smear, where red cells lie side by side."
        )
    return QualityCheck("thickness", value, limits.clear_low, None, "% clear", passed, sentence)
