"""The figure of `predict --explain`, and where it is written."""

from pathlib import Path

import pytest
import torch

from lecture_nets.visualize.explain import draw_explanation, free_path, where


def corner(size: int = 9) -> torch.Tensor:
    heat = torch.zeros(size, size)
    heat[0, -1] = 1.0
    return heat


@pytest.mark.parametrize(
    ("heat", "words"),
    [
        (corner(), "100% from the left and 0% from the top"),
        (torch.ones(4, 6), "50% from the left and 50% from the top"),
        (torch.zeros(4, 4), "nowhere"),
        (torch.ones(1, 1), "0% from the left and 0% from the top"),
    ],
)
def test_words_say_where_the_evidence_is(heat, words):
    assert where(heat) == words


def test_the_figure_tells_what_is_seen_with_numbers():
    maps = torch.stack([corner(), torch.zeros(9, 9)])
    names, shares = ["<cat>", "dog $", "狗"], [0.75, 0.2, 0.05]
    picture = draw_explanation(torch.rand(3, 9, 9), maps, names, shares)
    assert "what speaks for <cat> lies 100% from the left and 0% from the top" in picture.alt
    assert "Probabilities: <cat> 75.0%, dog $ 20.0%, 狗 5.0%." in picture.alt
    assert len(picture.figure.axes) == 4
    bars = picture.figure.axes[-1].patches
    assert [bar.get_width() for bar in bars] == shares
    assert picture.png


def test_no_file_takes_the_place_of_a_picture_or_of_another():
    folder = Path("out")
    taken = {Path("out/a.explained.png").resolve(), Path("out/a-2.explained.png").resolve()}
    assert free_path(folder, "a", taken) == folder / "a-3.explained.png"
    assert free_path(folder, "b", taken) == folder / "b.explained.png"
