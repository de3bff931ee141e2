"""ShallowSVM: what the fixed rows compute, and that only the linear layer learns."""

import inspect
import math
import re

import pytest
import torch
from torch import nn

from lecture_nets.nets.fisher import fisher_vector, posteriors, soft_histogram
from lecture_nets.nets.shallow_svm import ShallowSVM, pixel_statistics
from lecture_nets.training.losses import SquaredHinge

ENCODINGS = ("fisher", "histogram")


def noise(count: int, side: int = 32, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def small(encoding: str = "fisher", classes: int = 3) -> ShallowSVM:
    return ShallowSVM(classes, width=0.1, encoding=encoding)


def fitted(encoding: str = "fisher", classes: int = 3) -> ShallowSVM:
    net = small(encoding, classes)
    net.fit_codebook(noise(16))
    return net


def mixture(net: ShallowSVM) -> tuple[torch.Tensor, ...]:
    book = net.codebook
    return book.weights, book.means, book.variances


def test_row_comments_are_the_shapes():
    source = inspect.getsource(ShallowSVM.__init__)
    written = re.findall(r"^ +(\w+)=.*# ([\dx ]+)$", source, flags=re.MULTILINE)
    with torch.device("meta"):
        net = ShallowSVM()
        x = torch.empty(2, 3, net.paper_size, net.paper_size)
    shapes = []
    for name, row in net.trunk.named_children():
        x = row(x)
        shapes.append((name, " x ".join(map(str, x.shape[1:]))))
    assert written == shapes
    assert net.head(x).shape == (2, 1000)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("side", [(16, 16), (16, 40), (33, 50)])
def test_takes_images_of_any_size(encoding, side):
    logits = fitted(encoding)(noise(2, 64)[:, :, : side[0], : side[1]])
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()


def test_width_and_channels():
    for width, gaussians in ((1.0, 128), (0.5, 64), (0.01, 8)):
        assert ShallowSVM(5, width=width).head.in_features == 2 * gaussians * 32
        assert ShallowSVM(5, width=width, encoding="histogram").head.in_features == gaussians
    net = ShallowSVM(4, width=0.1, in_channels=1)
    net.fit_codebook(noise(8)[:, :1])
    assert net(noise(2)[:, :1]).shape == (2, 4)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_only_the_linear_layer_has_parameters(encoding):
    net = fitted(encoding)
    assert [name for name, _ in net.named_parameters()] == ["head.weight", "head.bias"]
    assert not any(buffer.requires_grad for buffer in net.buffers())
    code = net.trunk(noise(2).requires_grad_())
    assert not code.requires_grad
    torch.testing.assert_close(code.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("direction", range(8))
def test_an_edge_fires_the_bin_of_its_direction(direction):
    angle = direction * math.pi / 4
    y, x = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(21.0) - 10, indexing="ij")
    ramp = (x * math.cos(angle) + y * math.sin(angle))[None, None]
    inside = pixel_statistics(ramp)[0, :8, 1:-1, 1:-1]
    expected = torch.zeros(8)
    expected[direction] = 2.0  # the difference of two neighbors of a slope of 1
    torch.testing.assert_close(inside.mean(dim=(1, 2)), expected, atol=1e-4, rtol=0)


def test_between_two_directions_both_fire():
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(9.0), indexing="ij")
    angle = math.pi / 8
    ramp = (x * math.cos(angle) + y * math.sin(angle))[None, None]
    first, second, *rest = pixel_statistics(ramp)[0, :8, 4, 4]
    torch.testing.assert_close(torch.stack([first, second]), torch.ones(2), atol=1e-4, rtol=0)
    assert max(rest) < 1e-4


def test_the_steepest_channel_counts():
    image = torch.zeros(1, 3, 8, 8)
    image[:, 0, 4:] = 1.0
    image[:, 2, :, 4:] = 3.0
    gradients = pixel_statistics(image)[0, :8]
    assert gradients[0, 4, 4] == 3  # brighter to the right in blue beats brighter below in red
    assert gradients[2, 4, 0] == 1


def test_brightness_shifts_colors_but_not_gradients():
    images, net = noise(2), small()
    before, after = (net.trunk[:3](x) for x in (images, images + 0.7))
    torch.testing.assert_close(before[:, :128], after[:, :128], atol=1e-4, rtol=0)
    torch.testing.assert_close(before[:, 128:176] + 0.03 * 0.7, after[:, 128:176])  # means
    torch.testing.assert_close(before[:, 176:], after[:, 176:], atol=1e-4, rtol=0)


def test_patches_lie_where_they_say():
    place = small().trunk[:3](noise(1, 40))[0, -2:]
    assert place.shape == (2, 7, 7)
    torch.testing.assert_close(place[0, :, 2], 0.3 * torch.linspace(-1, 1, 7))
    torch.testing.assert_close(place[1, 2], 0.3 * torch.linspace(-1, 1, 7))


def test_posteriors_follow_bayes():
    weights, means = torch.tensor([0.2, 0.8]), torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    variances, x = torch.tensor([[1.0, 2.0], [0.5, 3.0]]), torch.tensor([[0.3, 0.4]])
    density = [
        w * math.exp(torch.distributions.Normal(m, v.sqrt()).log_prob(x[0]).sum())
        for w, m, v in zip(weights, means, variances, strict=True)
    ]
    expected = torch.tensor([density]) / sum(density)
    torch.testing.assert_close(posteriors(x, weights, means, variances), expected)


def test_fisher_vector_by_hand():
    weights, means = torch.tensor([0.4, 0.6]), torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    variances, x = torch.tensor([[1.0, 2.0], [0.5, 3.0]]), noise(1)[0, :1, :5, :2]
    share = posteriors(x, weights, means, variances)
    expected = torch.zeros(2, 2, 2)
    for k in range(2):
        for t in range(5):
            z = (x[0, t] - means[k]) / variances[k].sqrt()
            expected[0, k] += share[0, t, k] * z / weights[k].sqrt() / 5
            expected[1, k] += share[0, t, k] * (z**2 - 1) / (2 * weights[k]).sqrt() / 5
    torch.testing.assert_close(fisher_vector(x, weights, means, variances)[0], expected.flatten())
    torch.testing.assert_close(soft_histogram(x, weights, means, variances), share.mean(dim=1))


def test_samples_of_the_mixture_itself_have_no_fisher_vector():
    weights, means, variances = mixture(fitted())
    draw = torch.Generator().manual_seed(0)
    which = torch.multinomial(weights, 100_000, replacement=True, generator=draw)
    unit = torch.randn(len(which), means.shape[1], generator=draw)
    sample = means[which] + unit * variances[which].sqrt()
    # Each number is a mean of 100 000 draws with variance 1, so about 0.003.
    assert fisher_vector(sample[None], weights, means, variances).abs().max() < 0.02
    assert fisher_vector(sample[None] + 0.3, weights, means, variances).abs().max() > 0.2


def test_the_mixture_finds_clusters():
    book, draw = small().codebook, torch.Generator().manual_seed(0)
    centers = 5 * torch.randn(len(book.weights), 226, generator=draw)
    count = 50 * torch.arange(1, len(centers) + 1)
    x = centers.repeat_interleave(count, dim=0)
    book.fit(x + 0.1 * torch.randn(x.shape, generator=draw), draw)
    distance = torch.cdist((centers - book.mean) @ book.axes, book.means)
    nearest = distance.argmin(dim=1)
    assert sorted(nearest.tolist()) == list(range(len(centers)))
    assert distance.amin(dim=1).max() < 0.2
    torch.testing.assert_close(book.weights[nearest], count / count.sum(), atol=1e-3, rtol=0)


def test_fitting_is_deterministic_and_leaves_global_randomness_alone():
    nets = small(), small()
    for seed, net in enumerate(nets):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        net.fit_codebook(noise(16))
        assert torch.equal(torch.get_rng_state(), before)
    first, second = (net.state_dict() for net in nets)
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_state_dict_restores_the_codebook(encoding):
    net, other = fitted(encoding), small(encoding)
    nn.init.normal_(net.head.weight)
    other.load_state_dict(net.state_dict())
    assert other.codebook.fitted
    assert torch.equal(net(noise(2, seed=1)), other(noise(2, seed=1)))


def test_both_encodings_share_the_codebook():
    fisher, histogram = fitted("fisher").codebook, fitted("histogram").codebook
    histogram.load_state_dict(fisher.state_dict())


def test_uniform_images_stay_finite():
    net = small()
    net.fit_codebook(torch.zeros(4, 3, 32, 32))
    assert net.trunk(noise(2)).isfinite().all()
    assert fitted().trunk(torch.zeros(1, 3, 16, 16)).isfinite().all()


def test_autocast_keeps_codebook_and_code_in_full_precision():
    net, images = fitted(), noise(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under_autocast = fitted().trunk(images)
        assert net(images).dtype == torch.bfloat16
    assert torch.equal(under_autocast, net.trunk(images))
    assert net.double()(images.double()).dtype == torch.float64


def test_traced_graph_takes_other_sizes():
    net = fitted()
    nn.init.normal_(net.head.weight)
    traced = torch.fx.symbolic_trace(net)
    for side in (24, 40):
        torch.testing.assert_close(traced(noise(2, side)), net(noise(2, side)))


def test_errors_say_what_to_do():
    with pytest.raises(RuntimeError, match=r"fit_codebook\(images\)"):
        small()(noise(1))
    with pytest.raises(ValueError, match="There are: fisher, histogram"):
        ShallowSVM(encoding="bag")
    with pytest.raises(ValueError, match="pass more images"):
        small().fit_codebook(noise(1, 16))
    with pytest.raises(ValueError, match="at least 16x16"):
        fitted()(noise(1, 15))
    with pytest.raises(ValueError, match="takes float images"):
        small().fit_codebook(torch.zeros(4, 3, 32, 32, dtype=torch.uint8))


def test_squared_hinge_by_hand():
    logits, labels = torch.tensor([[0.5, -2.0, 3.0], [1.5, 0.0, -1.0]]), torch.tensor([2, 1])
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        for k, logit in enumerate(row):
            sign = 1 if k == label else -1
            total += max(0.0, 1 - sign * logit.item()) ** 2
    torch.testing.assert_close(SquaredHinge()(logits, labels), torch.tensor(total / 2))
    assert SquaredHinge()(torch.tensor([[2.0, -1.0]]), torch.tensor([0])) == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_learns_to_tell_stripes_apart(encoding):
    images, labels = noise(60), torch.arange(60) % 3
    wave = 2 * torch.sin(torch.arange(32.0) * 0.8)
    images[labels == 0] += wave
    images[labels == 1] += wave[:, None]
    net = small(encoding)
    net.fit_codebook(images[:30])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.4, momentum=0.9)
    code = net.trunk(images)
    assert SquaredHinge()(net.head(code), labels) == 4  # every class says -1: no image of any class
    for _ in range(50):
        optimizer.zero_grad()
        SquaredHinge()(net.head(code[:30]), labels[:30]).backward()
        optimizer.step()
    assert (net(images[30:]).argmax(dim=1) == labels[30:]).all()


def test_exports_for_any_batch_once_fitted():
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    net = ShallowSVM(5, width=0.1)
    net.fit_codebook(x)
    batches = ({0: torch.export.Dim("batch")},)
    exported = torch.export.export(net.eval(), (x[:2],), dynamic_shapes=batches).module()
    assert torch.equal(exported(x), net(x))
