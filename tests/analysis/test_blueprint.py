"""What a page learns of a layer. That its numbers are right is tested in tests/site."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.analysis.blueprint import (
    WIDTHS,
    layer_plan,
    network_plan,
    variant_plan,
)
from lecture_nets.nets import NETS
from lecture_nets.nets.layers import GridPool, conv
from lecture_nets.nets.tree import Add, Concat


def test_a_layer_has_one_number_a_width_where_widths_differ():
    plan = layer_plan([nn.Conv2d(4, n, (1, 7), padding=(0, 3), groups=2) for n in (16, 8)])
    assert plan == {
        "kind": "convolution",
        "kernel_size": (1, 7),
        "stride": (1, 1),
        "padding": (0, 3),
        "dilation": (1, 1),
        "groups": 2,
        "channels": [16, 8],
        "parameters": [16 * 2 * 7 + 16, 8 * 2 * 7 + 8],
    }


def test_branches_keep_their_names_and_chains_their_order():
    pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    plan = layer_plan([Concat(one=conv(8, 1)(3, 1.0), pool=nn.Sequential(pool))])
    assert [part["kind"] for part in plan["branches"]["one"]["chain"]] == [
        *("convolution", "batch_norm", "relu"),
    ]
    assert plan["kind"] == "concat"
    assert (plan["branches"]["pool"]["kind"], plan["branches"]["pool"]["ceil_mode"]) == (
        *("max", True),
    )


def test_branches_that_are_added_say_so():
    plan = layer_plan([Add(shortcut=nn.Identity(), pool=nn.MaxPool2d(1))])
    assert (plan["kind"], list(plan["branches"])) == ("add", ["shortcut", "pool"])
    assert plan["branches"]["shortcut"] == {"kind": "identity"}


@pytest.mark.parametrize("grid", [4, 5])
def test_a_aux_heads_pool_tells_its_window(grid):
    plan = layer_plan([GridPool(grid)])
    assert plan == {"kind": "grid", "grid": grid, "kernel_size": (5, 5), "stride": (3, 3)}


def test_what_the_explorer_cannot_draw_is_refused():
    with pytest.raises(TypeError, match=r"found a Softplus, allowed are convolution, max, .*; say"):
        layer_plan([nn.Sequential(nn.Conv2d(3, 8, 1), nn.Softplus())])


@pytest.mark.parametrize("name", NETS)
def test_rows_and_parameters_are_those_of_the_network(name):
    plan = variant_plan(name, {})
    for place, width in enumerate(WIDTHS):
        with torch.device("meta"):
            counted = cost(NETS[name](width=width))
        found = {
            **plan["trunk"],
            **{f"aux_heads.{row}": layer for row, layer in plan["aux_heads"].items()},
            "head": plan["head"],
        }
        assert {row: parameters_of(layer, place) for row, layer in found.items()} == {
            row.name: row.parameters for row in counted.rows
        }


def parameters_of(plan: dict, place: int) -> int:
    parts = plan.get("chain", []) + list(plan.get("branches", {}).values())
    own = plan["parameters"][place] if "parameters" in plan else 0
    return own + sum(parameters_of(part, place) for part in parts)


def test_a_variant_says_what_to_type_for_it():
    plan = network_plan("alexnet", [{"variant": "2014"}])
    assert (plan["title"], plan["defaults"]) == ("AlexNet", {"variant": "2012"})
    assert [variant["options"] for variant in plan["variants"]] == [{}, {"variant": "2014"}]
