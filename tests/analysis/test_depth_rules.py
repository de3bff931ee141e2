"""Rules of counting, against counts by hand and numbers that papers publish."""

import pytest

from lecture_nets.analysis import cost
from lecture_nets.analysis.depth_rules import count_by_rules
from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV2, InceptionV3


@pytest.mark.parametrize(("kind", "published"), [(AlexNet, 8), (VGG19, 19), (GoogLeNet, 22)])
def test_the_usual_rule_gives_the_published_depth(kind, published):
    usual, *others = count_by_rules(kind(width=0.1))
    assert usual.usual
    assert usual.layers == published
    assert not any(count.usual for count in others)


def test_inception_v2_by_hand():
    # Stem 6, modules 3 + 5 + 3 layers deep, reductions 3 and 4, one linear layer.
    counts = {count.rule: count.layers for count in count_by_rules(InceptionV2(width=0.1))}
    assert len(counts) == 24
    longest = "modules: longest path, reductions: {}"
    assert counts[longest.format("longest path")] == 6 + 3 * 3 + 3 + 5 * 5 + 4 + 2 * 3 + 1 == 54
    assert counts[longest.format("not at all") + ", without linear layers"] == 6 + 9 + 25 + 6
    without = ", without the row in front of the first module"
    each = "modules: three each, reductions: three each" + without
    assert counts[each] == 5 + 3 * 3 + 3 + 5 * 3 + 3 + 2 * 3 + 1 == 42
    assert counts[each + ", without linear layers"] == 41
    assert {rule for rule, layers in counts.items() if layers == 42} == {
        each,
        # One more layer in a reduction, or in the stem, in place of the linear one.
        each.replace("reductions: three each", "reductions: longest path")
        + ", without linear layers",
        each.removesuffix(without) + ", without linear layers",
    }


def test_with_four_flattened_modules_another_rule_gives_42():
    counts = count_by_rules(InceptionV2(width=0.1, num_factorized=4))
    assert "modules: longest path, reductions: not at all" in {
        count.rule for count in counts if count.layers == 42
    }


def test_the_usual_rule_is_the_depth_of_cost():
    net = InceptionV3(width=0.1)
    assert count_by_rules(net)[0].layers == cost(net).depth == 48
