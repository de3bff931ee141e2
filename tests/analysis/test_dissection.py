"""Are units named after what they were planted to stand for?"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_nets import PartsWorldDataModule
from lecture_nets.analysis.dissection import UnitMeaning, count_detectors, dissect
from lecture_nets.data.parts_world import CLASS_NAMES, OCCLUDER, PARTS, TEXTURES
from lecture_nets.nets import AlexNet

SIZE = 64


@pytest.fixture(scope="module")
def batches():
    data = PartsWorldDataModule(image_size=SIZE, test_size=60, batch_size=20, return_truth=True)
    data.setup("test")
    return list(data.test_dataloader())


def texture(index, labels, truth):
    return truth["texture"] == index


def part(index, labels, truth):
    return truth["parts"] == index + 1


def of_class(index, labels, truth):
    own = (truth["parts"] != 0) & (truth["parts"] != OCCLUDER) & ~truth["loose"]
    return own & (labels == index)[:, None, None]


def dissect_maps(maps, batches, **options):
    """The units of a layer that outputs ``maps(labels, truth)``: (N, C, H, W)."""
    shown = [(maps(*rest), *rest) for _, *rest in batches]
    return dissect(nn.Sequential(nn.Identity()), shown, ["0"], **options)


@pytest.mark.parametrize(
    ("mask", "index", "kind", "concept"),
    [
        (texture, 3, "texture", TEXTURES[3]),
        (texture, 7, "texture", TEXTURES[7]),
        (part, 0, "part", PARTS[0]),
        (part, 8, "part", PARTS[8]),  # an eye, the smallest
        (of_class, 1, "class", CLASS_NAMES[1]),
    ],
)
def test_a_planted_unit_is_named_and_fits_exactly(batches, mask, index, kind, concept):
    generator = torch.Generator().manual_seed(0)

    def maps(labels, truth):
        noise = torch.randn(len(labels), 3, SIZE, SIZE, generator=generator)
        noise[:, 1] = mask(index, labels, truth).float()
        return noise

    units = dissect_maps(maps, batches)
    assert units[1] == UnitMeaning("0", 1, kind, concept, 1.0)
    assert max(units[0].iou, units[2].iou) < 0.04


def test_a_unit_of_a_coarse_map_still_finds_its_part(batches):
    def maps(labels, truth):
        return F.avg_pool2d(part(11, labels, truth)[:, None].float(), 4)

    (unit,) = dissect_maps(maps, batches)
    assert (unit.concept, unit.iou > 0.3, unit.iou < 1) == ("lobe", True, True)


def test_the_quantile_is_the_share_that_counts_as_strong(batches):
    def maps(labels, truth):  # strongest on one texture, weaker on another; each covers a tenth
        return (2.0 * texture(3, labels, truth) + texture(4, labels, truth))[:, None]

    (strict,), (lax,) = (dissect_maps(maps, batches, quantile=q) for q in (0.05, 0.2))
    assert (strict.concept, strict.iou) == (TEXTURES[3], 1.0)
    assert 0.3 < lax.iou < 0.8


@pytest.mark.parametrize("constant", [0.0, -1.0])
def test_a_unit_that_never_changes_stands_for_nothing(batches, constant):
    units = dissect_maps(lambda labels, truth: torch.full((20, 1, 8, 8), constant), batches)
    assert units[0].iou == 0


def test_batches_of_any_size_give_the_same_units(batches):
    net = AlexNet(10, width=0.1)
    images, labels = (torch.cat([batch[i] for batch in batches]) for i in (0, 1))
    truth = {key: torch.cat([batch[2][key] for batch in batches]) for key in batches[0][2]}
    others = [
        (images[cut], labels[cut], {key: value[cut] for key, value in truth.items()})
        for cut in (slice(0, 7), slice(7, 60))
    ]
    found, again = (dissect(net, each, ["conv_2"]) for each in (batches, others))
    assert [unit.concept for unit in found] == [unit.concept for unit in again]
    assert [unit.iou for unit in found] == pytest.approx([unit.iou for unit in again], abs=1e-3)


def test_layers_without_places_are_left_out_and_refused_by_name(batches):
    net = AlexNet(10, width=0.1)
    layers = dict.fromkeys(unit.layer for unit in dissect(net, batches))
    assert list(layers) == [f"conv_{i}" for i in range(1, 6)]
    with pytest.raises(ValueError, match="'fc_6' outputs one number per channel"):
        dissect(net, batches, ["conv_1", "fc_6"])


def test_the_net_stays_as_it_is(batches):
    net = AlexNet(10, width=0.1).train()
    net.head.eval()
    modes = [each.training for each in net.modules()]
    dissect(net, batches, ["conv_5"])
    assert [each.training for each in net.modules()] == modes
    assert not any(each._forward_hooks for each in net.modules())


def test_detectors_are_counted_by_layer_and_kind_above_the_bar():
    units = [
        UnitMeaning("a", 0, "part", "wheel", 0.05),
        UnitMeaning("a", 1, "part", "door", 0.2),
        UnitMeaning("a", 2, "class", "car", 0.04),
        UnitMeaning("b", 0, "texture", "dots", 0.03),
    ]
    assert count_detectors(units) == {
        "a": {"texture": 0, "part": 2, "class": 0},
        "b": {"texture": 0, "part": 0, "class": 0},
    }
    assert count_detectors(units, bar=0.1)["a"]["part"] == 1


@pytest.mark.parametrize("quantile", [0, 1, -0.1])
def test_a_quantile_that_is_no_share_is_refused(batches, quantile):
    with pytest.raises(ValueError, match="allowed is a share between 0 and 1"):
        dissect(AlexNet(10, width=0.1), batches, quantile=quantile)


def test_batches_without_truth_are_refused(batches):
    with pytest.raises(ValueError, match=r"no truth.*return_truth=True"):
        dissect(AlexNet(10, width=0.1), [batch[:2] for batch in batches])


def test_batches_that_are_gone_after_the_first_time_are_refused(batches):
    with pytest.raises(ValueError, match="gone through once; pass a list"):
        dissect(AlexNet(10, width=0.1), iter(batches))
