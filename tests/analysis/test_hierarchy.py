"""The instruments on networks whose knowledge is built in, so that the right answer is known."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_nets.analysis.hierarchy import erase_symbols, probe_symbols
from lecture_nets.data.hierarchy_world import HierarchyWorld

WORLD = HierarchyWorld("test", 1600, 32, synonyms=2)
STROKES = F.one_hot(WORLD.truth["stroke"].long(), 8).permute(0, 3, 1, 2).float()
PARTS = F.one_hot(WORLD.truth["part"].long(), 8).permute(0, 3, 1, 2).float()


class Blocks(nn.Sequential):
    """Rows that know strokes exactly, then only their number in each quarter, then nothing."""

    def __init__(self):
        super().__init__()
        self.exact = nn.Conv2d(8, 8, 1, bias=False)
        self.pooled = nn.Sequential(nn.AvgPool2d(4), nn.Conv2d(8, 8, 1, bias=False))
        self.nothing = nn.Conv2d(8, 8, 1)
        eye = torch.eye(8)[:, :, None, None]
        self.exact.weight.data = eye.clone()
        self.pooled[1].weight.data = eye.clone()
        nn.init.zeros_(self.nothing.weight)


def scores(**options):
    found = probe_symbols(Blocks(), STROKES, WORLD.truth, **options)
    return {(each.layer, each.question): each for each in found}


def test_a_layer_knows_what_was_built_into_it():
    found = scores()
    assert found["exact", "stroke"].score == pytest.approx(1)
    assert 0.05 < found["pooled", "stroke"].score < 0.7
    for level in ("class", "part", "texture", "stroke"):
        nothing = found["nothing", level]
        assert nothing.guessed
        assert abs(nothing.score) < 0.01
    assert not found["exact", "stroke"].guessed


def test_shuffled_answers_are_guessed():
    for each in scores().values():
        assert abs(each.shuffled - each.chance) <= max(each.margin, 0.06), each


def test_a_wrong_truth_is_not_read():
    wrong = {"stroke": WORLD.truth["stroke"].roll(1, 0)}
    (found,) = probe_symbols(Blocks(), STROKES, wrong, ["exact"])
    assert found.score < 0.1


def test_results_come_layer_by_layer_for_each_level():
    found = probe_symbols(Blocks(), STROKES, WORLD.truth, ["pooled", "exact"])
    assert [each.layer for each in found] == ["pooled"] * 4 + ["exact"] * 4
    assert [each.question for each in found[:4]] == ["class", "part", "texture", "stroke"]


def test_too_few_images_are_named():
    truth = {level: grid[:30] for level, grid in WORLD.truth.items()}
    with pytest.raises(ValueError, match="take more images"):
        probe_symbols(Blocks(), STROKES[:30], truth)


def reader() -> nn.Sequential:
    """Tells the class from which part is where: exact where every arrangement is known."""
    net = nn.Sequential()
    net.parts = nn.Conv2d(8, 8, 1, bias=False)
    net.parts.weight.data = torch.eye(8)[:, :, None, None]
    net.patterns = nn.Conv2d(8, 20, 2)
    net.relu = nn.ReLU()
    net.flatten = nn.Flatten()
    net.classes = nn.Linear(20, 10, bias=False)
    rule = torch.from_numpy(WORLD.grammar.rules[0].copy()).long().reshape(20, 2, 2)
    net.patterns.weight.data = F.one_hot(rule, 8).permute(0, 3, 1, 2).float()
    nn.init.constant_(net.patterns.bias, -3.0)  # only four right parts of four answer
    net.classes.weight.data = torch.eye(10).repeat_interleave(2, 1)
    return net


def test_erasing_a_part_strikes_the_images_that_contain_it_and_no_others():
    net = reader()
    assert torch.equal(net(PARTS).argmax(1), WORLD.labels)
    found = erase_symbols(net, PARTS, WORLD.truth, "parts", "part")
    assert [each.symbol for each in found] == list(range(8))
    for each in found:
        assert abs(each.lost_without) < 0.02
        assert sum(map(abs, each.random)) < 0.1
        spared = [loss for use, loss in zip(each.users, each.lost, strict=True) if use == 0]
        assert all(abs(loss) < 0.02 for loss in spared)
        assert each.hit_at_random == 0
    # A class that misses one part of four may still be the likeliest, so not every erasure tells.
    assert sum(each.lost_with for each in found) / 8 > 0.1
    assert sum(each.hit for each in found) >= 8
    assert torch.equal(net(PARTS).argmax(1), WORLD.labels)  # the network is as it was


def test_a_layer_that_the_network_ignores_costs_nothing():
    net = reader()
    nn.init.zeros_(net.patterns.weight)  # whatever the parts, class 0
    for each in erase_symbols(net, PARTS, WORLD.truth, "parts", "part"):
        assert each.hit == each.hit_at_random == 0
        assert set(each.lost) == {0.0}


def test_a_layer_of_other_places_is_named():
    with pytest.raises(ValueError, match="'parts' has 2 places a side and level 'texture' 4"):
        erase_symbols(reader(), PARTS, WORLD.truth, "parts", "texture")


def test_an_unknown_level_is_named():
    with pytest.raises(ValueError, match=r"unknown level 'strokes'.*stroke"):
        erase_symbols(reader(), PARTS, WORLD.truth, "parts", "strokes")
