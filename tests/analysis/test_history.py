"""The record of the challenge: the lecture's numbers, each with the right owner."""

import pytest

from lecture_nets.analysis.history import ILSVRC, SLIDE, rank_correlation


def errors(**wanted):
    rows = [r for r in ILSVRC if all(getattr(r, key) == v for key, v in wanted.items())]
    return [row.top5_error for row in rows]


@pytest.mark.parametrize(
    ("year", "name", "top5_error", "depth"),
    [
        (2010, "NEC-UIUC", 28.19, None),
        (2011, "XRCE", 25.77, None),
        (2012, "AlexNet", 16.42, 8),
        (2013, "Clarifai", 11.74, 8),
        (2014, "GoogLeNet", 6.66, 22),
        (2015, "ResNet", 3.57, 152),
    ],
)
def test_every_year_has_one_winner_on_supplied_data(year, name, top5_error, depth):
    (row,) = (row for row in ILSVRC if row.year == year and row.kind == "winner")
    assert (row.name, row.top5_error, row.depth) == (name, top5_error, depth)
    assert (row.data, row.images) == ("supplied", "test")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "ZFNet"}, [14.8, 16.1]),  # and not Clarifai's 11.74
        ({"name": "Team ZF"}, [13.51, 14.08]),
        ({"name": "VGG"}, [7.32, 6.8, 7.0]),
        ({"name": "ISI"}, [26.17]),
        ({"data": "outside"}, [15.32, 11.20]),
        ({"kind": "human"}, [5.1, 12.0]),
        ({"images": "1500 test"}, [5.1, 6.8]),
        ({"images": "validation"}, [7.9, 5.71, 3.46]),
        ({"name": "Inception-v3", "images": "test"}, [3.58]),
    ],
)
def test_numbers_that_are_often_mixed_up_stay_apart(wanted, found):
    assert errors(**wanted) == found


def test_only_people_have_neither_year_nor_training_data():
    for row in ILSVRC:
        assert (row.kind == "human") == (row.year is None) == (row.data is None)
        assert row.source


def test_the_slide_has_five_rows_in_order():
    rows = [(row.year, row.name, row.top5_error, row.depth) for row in SLIDE]
    assert rows == [
        (2011, "XRCE", 25.77, None),
        (2012, "AlexNet", 16.42, 8),
        (2013, "Clarifai", 11.74, 8),
        (2014, "GoogLeNet", 6.66, 22),
        (2014, "VGG", 7.32, 19),
    ]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(1, 30), (2, 20), (3, 10)], -1),
        ([(1, 1), (2, 4), (3, 9), (100, 10)], 1),
        # Ranks 1.5 1.5 3 and 1 2 3: covariance 1.5, deviations 1.5 and 2 in squares.
        ([(8, 1), (8, 2), (19, 3)], 3**0.5 / 2),
    ],
)
def test_rank_correlation_is_spearmans(pairs, expected):
    # torchmetrics adds 1e-6 to the product of the deviations.
    assert rank_correlation(pairs) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pairs", [[], [(1, 2)], [(1, 2), (1, 3)]])
def test_ranks_need_different_values(pairs):
    with pytest.raises(ValueError, match="two or more on each side"):
        rank_correlation(pairs)
