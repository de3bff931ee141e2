"""Does the figure of meaning by layer show the numbers that were measured?"""

from dataclasses import replace

import pytest

from lecture_nets.analysis.dissection import UnitMeaning
from lecture_nets.analysis.probes import QUESTIONS, ProbeResult
from lecture_nets.visualize.meaning import COLORS, draw_meaning

ACCURACIES = {"texture": (0.125, 0.5625), "part": (0.4, 0.7), "class": (0.1, 1.0)}
UNITS = [
    UnitMeaning("conv_1", 0, "texture", "dots", 0.2),
    UnitMeaning("conv_1", 1, "part", "wheel", 0.3),
    UnitMeaning("conv_1", 2, "part", "wheel", 0.3),
    UnitMeaning("conv_1", 3, "class", "car", 0.01),
]


def results(shift: float = 0.0) -> list[ProbeResult]:
    return [
        ProbeResult(
            layer, question, accuracies[i] - shift, 0.11, accuracies[0] / 2, 0.02, 100, cells
        )
        for i, (layer, cells) in enumerate([("conv_1", 9), ("fc_2", 1)])
        for question, accuracies in ACCURACIES.items()
    ]


def test_curves_are_the_scores_and_dashed_ones_those_before_training():
    probes, before = results(), results(0.05)
    axes = draw_meaning(probes, UNITS, before).figure.axes[0]
    for question in QUESTIONS:
        shown = [
            list(line.get_ydata())
            for label in (question, f"{question}, untrained")
            for line in axes.lines
            if line.get_label() == label
        ]
        assert shown == [
            [each.score for each in found if each.question == question]
            for found in (probes, before)
        ]


def test_bars_are_the_share_of_units_of_each_kind():
    axes = draw_meaning(results(), UNITS).figure.axes[1]
    bars = [(bar.get_facecolor(), bar.get_y(), bar.get_height()) for bar in axes.patches]
    assert [(y, height) for _, y, height in bars] == [(0, 25), (25, 50), (75, 0)]
    assert len({color for color, *_ in bars}) == len(COLORS)
    assert [text.get_text() for text in axes.texts] == ["3"]


def test_untrained_bars_stand_beside_and_words_tell_both():
    untrained = [UnitMeaning("conv_1", 0, "class", "bus", 0.3)]
    picture = draw_meaning(results(), UNITS, results(0.05), untrained)
    bars = [bar for bar in picture.figure.axes[1].patches if bar.get_height()]
    assert [(bar.get_hatch(), bar.get_height()) for bar in bars if bar.get_hatch()] == [("///", 25)]
    assert "conv_1 1 texture, 2 part, 0 class" in picture.alt
    assert "before training: conv_1 0 texture, 0 part, 1 class" in picture.alt
    assert "class: conv_1 0.05, fc_2 1.00." in picture.alt


def test_intervals_are_drawn_where_the_answers_are_known():
    rows = {
        question: tuple((i, i % 5, (i + (i % 3 == 0)) % 5) for i in range(60))
        for question in QUESTIONS
    }
    known = [replace(each, answered=rows[each.question]) for each in results()]

    def drawn(probes):
        lines = draw_meaning(probes).figure.axes[0].collections
        return [segment for line in lines for segment in line.get_segments()]

    assert drawn(results()) == []
    low, high = drawn(known)[0][:, 1]
    assert high - low == pytest.approx(
        2 * 1.96 * (2 / 3 / 3 / 60) ** 0.5 / (1 - 0.125 / 2), rel=0.3
    )


def test_the_line_behind_the_last_layer_with_places_is_there_only_if_there_is_one():
    def words(probes):
        return [text.get_text() for text in draw_meaning(probes).figure.axes[0].texts]

    assert words(results()) == ["no places\nfrom here"]
    assert words([each for each in results() if each.layer == "conv_1"]) == []


def test_without_units_there_is_one_chart_and_it_renders():
    picture = draw_meaning(results())
    assert len(picture.figure.axes) == 1
    assert picture.png


def test_a_figure_of_nothing_is_refused():
    with pytest.raises(ValueError, match="found no probes"):
        draw_meaning([])
