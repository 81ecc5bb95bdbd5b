import pytest

from appliance.pipeline import scale


@pytest.mark.parametrize("um", [0.02, 0.0645, 0.25, 2.0])
def test_a_plausible_pixel_is_believed(um):
    assert scale.from_sizes(um, um) == pytest.approx(um)


@pytest.mark.parametrize("um", [0, -0.25, 0.019, 2.1, 352.8, float("nan"), float("inf")])
def test_an_implausible_pixel_is_not(um):
    assert scale.from_sizes(um, um) is None


def test_pixels_that_are_not_square_are_not_believed():
    assert scale.from_sizes(0.25, 0.5) is None
    assert scale.from_sizes(0.25, 0.252) == pytest.approx(0.251)


def test_a_resolution_is_pixels_by_unit():
    assert scale.from_resolution((40_000, 1), (40_000, 1), 10_000) == pytest.approx(0.25)
    assert scale.from_resolution((72, 1), (72, 1), 25_400) is None


@pytest.mark.parametrize("broken", [(0, 1), (0, 0), (1,), ()])
def test_a_broken_resolution_is_none(broken):
    assert scale.from_resolution(broken, broken, 10_000) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("ImageJ=1.54f\nunit=micron\n", 1.0),
        ("ImageJ=1.54f\nunit=um\nspacing=1", 1.0),
        ("ImageJ=1.54f\nunit=\\u00B5m\n", 1.0),
        ("ImageJ=1.54f\nunit=nm\n", 0.001),
        ("ImageJ=1.54f\nunit=pixel\n", None),
        ("ImageJ=1.54f\n", None),
    ],
)
def test_the_unit_is_read_as_imagej_writes_it(text, unit):
    assert scale.imagej_unit_um(text) == unit


@pytest.mark.parametrize(
    ("attributes", "um"),
    [
        ('PhysicalSizeX="0.25" PhysicalSizeY="0.25"', 0.25),
        ('PhysicalSizeX="2.5E-1" PhysicalSizeXUnit="µm"', 0.25),
        ('PhysicalSizeX="250" PhysicalSizeY="250" PhysicalSizeXUnit="nm"', 0.25),
        ('PhysicalSizeX="250" PhysicalSizeXUnit="pixel"', None),
        ('PhysicalSizeX="1.2.3"', None),
        ('PhysicalSizeX="NaN"', None),
        ("", None),
    ],
)
def test_the_size_is_read_as_ome_writes_it(attributes, um):
    assert scale.from_ome(f"<OME><Pixels {attributes}/></OME>") == (um and pytest.approx(um))
