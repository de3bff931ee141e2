"""The faster copy: the same logits, nothing that only training needs, the original untouched."""

import pytest
import torch
from torch import nn

from lecture_nets import AlexNetModule
from lecture_nets.callbacks.batch_normalize import batch_normalize
from lecture_nets.inference import optimize
from lecture_nets.nets import NETS, Network, ShallowSVM

FORMS = [
    ("shallow_svm", {}),
    ("shallow_svm", {"encoding": "histogram"}),
    ("alexnet", {}),
    ("alexnet", {"variant": "2014"}),
    ("zfnet", {}),
    ("vgg19", {}),
    ("vgg19", {"batch_norm": True}),
    ("googlenet", {}),
    ("googlenet", {"batch_norm": True}),
    ("googlenet", {"variant": "torchvision"}),
    ("inception_v2", {}),
    ("inception_v2", {"stem": "7x7", "num_factorized": 4}),
    ("inception_v2", {"resolution": 79}),
    ("inception_v3", {}),
    ("inception_v3", {"resolution": 151, "count_include_pad": False}),
]
# Of the largest logit; what the docstring promises.
TOLERANCES = {torch.float32: 1e-3, torch.float64: 1e-10}


def trained(name: str, options: dict, dtype: torch.dtype) -> tuple[Network, torch.Tensor]:
    """A network whose norms have seen images and whose weights all matter, and images for it."""
    net = NETS[name](10, width=0.1, **options).to(dtype)
    side = net.min_size + 10
    images = torch.randn(4, 3, side, side + 6, dtype=dtype)
    if isinstance(net, ShallowSVM):
        net.fit_codebook(images)
        nn.init.normal_(net.head.weight)
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.reset_running_stats()
            part.momentum = None  # all that was seen counts alike
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias)
    with torch.no_grad():
        net(images)
    return net, images


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("name", "options"), FORMS)
def test_scores_stay_the_same(name, options, dtype):
    net, images = trained(name, options, dtype)
    fast = optimize(net)
    with torch.no_grad():
        expected, found = net.eval()(images), fast(images)
    assert (found - expected).abs().max() < TOLERANCES[dtype] * expected.abs().max()


@pytest.mark.parametrize(("name", "options"), FORMS)
def test_nothing_is_left_that_only_training_needs(name, options):
    with torch.device("meta"):
        fast = optimize(NETS[name](10, width=0.1, **options))
    slow = (nn.BatchNorm2d, nn.Dropout, nn.LocalResponseNorm)
    assert not [part for part in fast.modules() if isinstance(part, slow)]
    assert not fast.aux_heads
    assert not fast.training
    assert not any(weight.requires_grad for weight in fast.parameters())


def test_norms_that_a_callback_put_in_are_folded_too():
    net, images = trained("alexnet", {}, torch.float64)
    batch_normalize(net)
    with torch.no_grad():
        net.train()(images)
        fast = optimize(net)
        expected = net.eval()(images)
    assert not [part for part in fast.modules() if isinstance(part, nn.BatchNorm2d)]
    torch.testing.assert_close(fast(images), expected, rtol=1e-10, atol=1e-12)


def test_a_norm_without_moving_statistics_stays_as_it_is():
    net, images = trained("inception_v3", {}, torch.float64)
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean = part.running_var = None
    with torch.no_grad():
        expected = net.eval()(images)
    torch.testing.assert_close(optimize(net)(images), expected, rtol=1e-10, atol=1e-12)


def test_the_original_stays_as_it_was():
    net, images = trained("inception_v3", {}, torch.float32)
    net.train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    optimize(net)(images)
    assert net.training
    assert all(weight.requires_grad for weight in net.parameters())
    assert net.state_dict().keys() == before.keys()
    for key, value in net.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_its_weights_lie_channels_last():
    fast = optimize(NETS["zfnet"](10, width=0.1))
    assert fast.trunk.conv_1.conv.weight.is_contiguous(memory_format=torch.channels_last)


def test_rows_keep_the_names_of_the_paper():
    net = NETS["googlenet"](10, width=0.1)
    assert list(optimize(net).trunk._modules) == list(net.trunk._modules)


def test_wrong_images_get_the_same_clear_words():
    with pytest.raises(ValueError, match="AlexNet needs images of at least 63x63"):
        optimize(NETS["alexnet"](10, width=0.1))(torch.zeros(1, 3, 40, 40))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (nn.Linear(2, 2), r"optimize\(Linear\): takes a network of lecture_nets.nets\.$"),
        (
            AlexNetModule(width=0.1),
            r"optimize\(AlexNetModule\).* Give the .* inside it: module.net",
        ),
    ],
)
def test_what_is_no_network_of_ours_is_refused(given, said):
    with pytest.raises(TypeError, match=said):
        optimize(given)
