import pytest

from lecture_nets.analysis.hierarchy import Erased
from lecture_nets.data.hierarchy_world import HierarchyWorld
from lecture_nets.visualize.depth import draw_users
from lecture_nets.visualize.hierarchy import (
    LevelScore,
    draw_derivation,
    draw_staircase,
    draw_world,
)

LAYERS, LEVELS = ("conv_1", "conv_2"), ("class", "stroke")
WORLD = HierarchyWorld("train", 20, 32, synonyms=3)


def table(*scores: float) -> list[LevelScore]:
    places = [(layer, level) for layer in LAYERS for level in LEVELS]
    return [LevelScore(*place, score) for place, score in zip(places, scores, strict=True)]


def test_the_staircase_tells_every_score_and_frames_the_first_that_knows():
    picture = draw_staircase(table(0.01, 0.95, 0.97, 0.5), table(-0.001, 0.4, 0, 0.2))
    assert "trained: class 0.01, 0.97; stroke 0.95, 0.50" in picture.alt
    assert "untrained: class -0.00, 0.00; stroke 0.40, 0.20" in picture.alt
    trained, untrained = (axes for axes in picture.figure.axes if axes.get_title())
    framed = [[patch.get_xy() for patch in axes.patches] for axes in (trained, untrained)]
    assert framed == [[(0.5, -0.5), (-0.5, 0.5)], []]
    texts = {text.get_text() for text in trained.texts}
    assert texts == {"0.01", "0.95", "0.97", "0.50"}


def test_pieces_of_an_image_stand_beside_the_levels():
    with_image = draw_staircase(table(0, 0, 0, 0), table(0, 0, 0, 0), WORLD.images[0])
    sides = [axes.images[0].get_array().shape[0] for axes in with_image.figure.axes[:2]]
    assert sides == [32, 16]


def test_a_staircase_of_other_layers_is_named():
    with pytest.raises(ValueError, match=r"4 probes of the trained and 2 of the untrained"):
        draw_staircase(table(0, 0, 0, 0), table(0, 0, 0, 0)[:2])
    with pytest.raises(ValueError, match="found 0 probes"):
        draw_staircase([], [])


def test_a_derivation_shows_the_true_symbols():
    picture = draw_derivation(WORLD, 4)
    assert "class 4" in picture.alt
    assert str(WORLD.truth["part"][4].flatten().tolist()) in picture.alt
    strokes = picture.figure.axes[3]
    shown = [int(text.get_text()) for text in strokes.texts]
    assert shown == WORLD.truth["stroke"][4].flatten().tolist()
    assert len(picture.figure.axes) == 5 + 3  # three synonyms below


def test_a_sheet_has_a_column_for_each_class():
    picture = draw_world(WORLD, rows=2)
    assert len(picture.figure.axes) == 20
    assert [axes.get_title() for axes in picture.figure.axes[:2]] == ["class 0", "class 1"]
    with pytest.raises(ValueError, match="found 20 images, allowed are 30"):
        draw_world(WORLD)


def test_users_are_counted_by_level():
    def one(lost: list[float], random: list[float]) -> Erased:
        return Erased("conv_4", "part", 0, (1.0, 0.0), tuple(lost), 0.5, 0.0, tuple(random))

    picture = draw_users({"part": [one([0.5, 0.5], [0, 0]), one([0.5, 0.0], [0.1, 0])]})
    assert "2 classes" in picture.alt
    assert "part: 75%, at random 25%" in picture.alt
    with pytest.raises(ValueError, match=r"found levels \['part'\]"):
        draw_users({"part": []})
