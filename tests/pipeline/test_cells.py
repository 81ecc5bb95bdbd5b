import cv2
import numpy as np
import pytest

from appliance.pipeline.cells import find_cells
from appliance.vocabulary import FoundCell
from tests.pipeline.drawn_smears import Smear

MIDDLES = [(120, 100), (320, 240), (520, 380), (500, 110)]


def holding(cells: list[FoundCell], x: float, y: float) -> list[FoundCell]:
    return [
        cell
        for cell in cells
        if cell.outline is not None
        and cv2.pointPolygonTest(cell.outline.reshape(-1, 1, 2), (float(x), float(y)), False) >= 0
    ]


def field_of_four(unit: float = 40.0) -> Smear:
    smear = Smear(unit=unit)
    for x, y in MIDDLES[:3]:
        smear.lymphocyte(x, y)
    return smear.neutrophil(*MIDDLES[3]).red_cells()


@pytest.mark.parametrize("unit", [14, 22, 40, 60])
def test_each_white_cell_is_found_once_at_any_scale(unit: int) -> None:
    cells = find_cells(field_of_four(unit).finished())
    assert len(cells) == 4
    for x, y in MIDDLES:
        assert len(holding(cells, x, y)) == 1


@pytest.mark.parametrize("factor", [0.5, 1.5, 2.5])
def test_resampling_a_field_does_not_change_its_count(factor: float) -> None:
    picture = field_of_four().finished()
    other = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert len(find_cells(np.asarray(other, np.uint8))) == 4


def test_sizes_and_outlines_agree_with_what_was_drawn() -> None:
    cell = holding(find_cells(field_of_four().finished()), *MIDDLES[1])[0]
    assert cell.nucleus_area_px == pytest.approx(np.pi / 4 * (1.35 * 40) ** 2, rel=0.1)
    assert cell.cell_area_px == pytest.approx(np.pi / 4 * (1.65 * 40) ** 2, rel=0.15)
    assert cv2.contourArea(cell.nucleus) == pytest.approx(cell.nucleus_area_px, rel=0.1)
    assert abs(cell.box.x + cell.box.width / 2 - MIDDLES[1][0]) < 4
    assert abs(cell.box.width - 1.65 * 40) < 8


def test_lobes_make_one_nucleus_with_their_area_alone() -> None:
    cell = holding(find_cells(field_of_four().finished()), *MIDDLES[3])[0]
    lobes = 4 * np.pi / 4 * (0.52 * 40) ** 2
    assert cell.nucleus_area_px == pytest.approx(lobes, rel=0.25)
    assert cv2.contourArea(cell.nucleus) == pytest.approx(lobes, rel=0.25)
    assert cell.cell_area_px == pytest.approx(np.pi / 4 * (1.9 * 40) ** 2, rel=0.2)


def test_touching_cells_are_told_apart() -> None:
    smear = Smear().lymphocyte(250, 240).lymphocyte(250 + round(1.6 * 40), 240).red_cells()
    cells = find_cells(smear.finished())
    assert len(cells) == 2
    assert len(holding(cells, 250, 240)) == 1
    assert len(holding(cells, 314, 240)) == 1


def test_a_cluster_of_seven_is_told_apart() -> None:
    smear = Smear()
    smear.lymphocyte(320, 240)
    for step in range(6):
        turn = step * np.pi / 3
        smear.lymphocyte(round(320 + 66 * np.cos(turn)), round(240 + 66 * np.sin(turn)))
    assert len(find_cells(smear.red_cells().finished())) == 7


def test_cells_cut_by_the_edge_are_marked_and_others_are_not() -> None:
    smear = Smear().lymphocyte(0, 200).lymphocyte(320, 479).lymphocyte(320, 200).red_cells()
    cells = find_cells(smear.finished())
    assert sorted((cell.at_border, cell.counted) for cell in cells) == [
        (False, True),
        (True, False),
        (True, False),
    ]


def test_platelets_and_red_cells_are_no_white_cells() -> None:
    smear = Smear().red_cells()
    for x in range(60, 600, 90):
        smear.platelet(x, 130).platelet(x + 20, 330)
    assert find_cells(smear.finished()) == []


def test_platelets_beside_white_cells_are_left_out() -> None:
    smear = field_of_four()
    smear.platelet(220, 100).platelet(400, 330).platelet(100, 380)
    assert len(find_cells(smear.finished())) == 4


def test_arrow_scale_bar_and_caption_are_no_white_cells() -> None:
    picture = field_of_four().finished()
    cv2.arrowedLine(picture, (200, 440), (260, 300), (255, 150, 60), 12)
    cv2.rectangle(picture, (560, 440), (639, 479), (255, 255, 255), -1)
    cv2.line(picture, (570, 470), (630, 470), (0, 0, 0), 3)
    cv2.putText(picture, "10 um", (568, 462), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (200, 0, 0), 1)
    assert len(find_cells(picture)) == 4


def test_an_arrow_alone_is_no_white_cell() -> None:
    picture = Smear().red_cells().finished()
    cv2.arrowedLine(picture, (200, 440), (260, 300), (255, 150, 60), 12)
    assert find_cells(picture) == []


@pytest.mark.parametrize("cast", [(0.6, 0.6, 0.6), (1.0, 0.9, 0.75), (0.8, 0.9, 1.1)])
def test_light_and_white_balance_do_not_matter(cast: tuple[float, float, float]) -> None:
    picture = np.clip(field_of_four().finished() * np.array(cast), 0, 255).astype(np.uint8)
    assert len(find_cells(picture)) == 4


def test_uneven_light_does_not_matter() -> None:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    light = 1.0 - 0.25 * (x**2 + y**2) + 0.1 * x
    picture = (field_of_four().finished() * light[..., None]).clip(0, 255).astype(np.uint8)
    assert len(find_cells(picture)) == 4


def test_grey_fields_are_searched_by_darkness() -> None:
    grey = cv2.cvtColor(field_of_four().finished(), cv2.COLOR_RGB2GRAY)
    assert len(find_cells(np.dstack([grey] * 3))) == 4


def test_a_known_scale_keeps_a_lone_platelet_out() -> None:
    smear = Smear(width=200, height=200, unit=80).platelet(100, 100)
    assert find_cells(smear.finished(), um_per_px=7.2 / 80) == []


def test_a_cell_cut_out_on_black_is_found_whole() -> None:
    picture = np.zeros((450, 450, 3), np.uint8)
    cv2.circle(picture, (225, 225), 100, (150, 120, 180), -1)
    cv2.circle(picture, (215, 225), 80, (100, 50, 140), -1)
    cells = find_cells(picture)
    assert len(cells) == 1
    assert cells[0].counted
    assert cells[0].box.width == pytest.approx(200, abs=14)


def test_a_picture_cut_around_one_small_cell_has_that_cell() -> None:
    smear = Smear(width=140, height=140, unit=45)
    smear.lymphocyte(70, 70, nucleus=0.55).red_cells(free=1.3)
    assert len(holding(find_cells(smear.finished()), 70, 70)) == 1


def test_cells_come_in_reading_order() -> None:
    boxes = [cell.box for cell in find_cells(field_of_four().finished())]
    assert [(round(box.x, -2), round(box.y, -2)) for box in boxes] == [
        (100, 100),
        (500, 100),
        (300, 200),
        (500, 300),
    ]


def test_the_same_pixels_give_the_same_cells() -> None:
    picture = field_of_four().finished()
    one, other = find_cells(picture), find_cells(picture.copy())
    for a, b in zip(one, other, strict=True):
        assert a.box == b.box
        assert np.array_equal(a.nucleus, b.nucleus)


def test_the_picture_is_not_changed() -> None:
    picture = field_of_four().finished()
    before = picture.copy()
    find_cells(picture)
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (32, 32), (9, 700), (600, 800)])
def test_empty_pictures_have_no_cells(level: int, shape: tuple[int, int]) -> None:
    assert find_cells(np.full((*shape, 3), level, np.uint8)) == []


@pytest.mark.parametrize("colour", [(150, 60, 160), (255, 0, 0), (0, 0, 255), (255, 255, 0)])
def test_one_colour_has_nothing_to_count(colour: tuple[int, int, int]) -> None:
    assert not any(cell.counted for cell in find_cells(np.full((300, 400, 3), colour, np.uint8)))


def test_noise_and_ramps_have_next_to_nothing_to_count() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    ramp = np.dstack([np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))] * 3)
    for picture in (noise, ramp):
        assert sum(cell.counted for cell in find_cells(picture)) <= 2


def test_outlines_stay_inside_the_picture() -> None:
    smear = Smear().lymphocyte(0, 0).lymphocyte(639, 479).lymphocyte(639, 200).red_cells()
    cells = find_cells(smear.finished())
    assert len(cells) == 3
    for cell in cells:
        assert cell.outline is not None
        for outline in (cell.nucleus, cell.outline):
            assert outline.dtype == np.int32
            assert outline.min() >= 0
            assert outline[:, 0].max() < 640
            assert outline[:, 1].max() < 480
        assert cell.box.x + cell.box.width <= 640
        assert cell.box.y + cell.box.height <= 480
