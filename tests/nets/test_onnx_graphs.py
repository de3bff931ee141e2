"""The networks have the layers of the graphs that travel inside the onnx wheel.

The graphs are Caffe's AlexNet, VGG-19 and GoogLeNet and a wide ZFNet, without trained values. What
they do otherwise than the papers is written out here, pair by pair: ours, then theirs.
"""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, ZFNet

GRAPHS = {
    "alexnet": (AlexNet, "bvlc_alexnet"),
    "zfnet": (ZFNet, "zfnet512"),
    "vgg19": (VGG19, "vgg19"),
    "googlenet": (GoogLeNet, "inception_v1"),
}


class Conv(NamedTuple):
    inputs: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    groups: int


class Pool(NamedTuple):
    kernel: int
    stride: int
    padding: tuple[int, ...]  # top, left, bottom, right


class Norm(NamedTuple):
    size: int
    alpha: float  # before it is divided by the size
    beta: float
    k: float


class Linear(NamedTuple):
    inputs: int
    outputs: int


class Dropout(NamedTuple):
    share: float


class Relu(NamedTuple):
    pass


Layer = Conv | Pool | Norm | Linear | Dropout | Relu


def one(numbers: tuple[int, ...] | int) -> int:
    """The number that all sides share."""
    (number,) = {numbers} if isinstance(numbers, int) else set(numbers)
    return number


# ----------------------------------------------------------------------------------------- ours


@cache
def build(name: str) -> nn.Module:
    with torch.device("meta"):
        return GRAPHS[name][0]()


def our_layer(part: nn.Module) -> Layer | None:
    match part:
        case nn.Conv2d():
            kernel, stride, padding = map(one, (part.kernel_size, part.stride, part.padding))
            return Conv(part.in_channels, part.out_channels, kernel, stride, padding, part.groups)
        case nn.MaxPool2d():
            return Pool(part.kernel_size, part.stride, (part.padding,) * 4)
        case nn.LocalResponseNorm():
            return Norm(part.size, round(part.alpha, 9), part.beta, part.k)
        case nn.Linear():
            return Linear(part.in_features, part.out_features)
        case nn.Dropout():
            return Dropout(part.p)
        case nn.ReLU():
            return Relu()
    return None  # a container, or a pool of the head: theirs has a fixed size


def our_layers(*parts: nn.Module) -> list[Layer]:
    found = [our_layer(layer) for part in parts for layer in part.modules()]
    return [layer for layer in found if layer is not None]


# --------------------------------------------------------------------------------------- theirs


class Graph:
    """One of onnx's graphs: its layers, the shapes of its weights, and who makes which tensor."""

    def __init__(self, name: str) -> None:
        folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
        graph = onnx.load(folder / f"light_{GRAPHS[name][1]}.onnx").graph
        constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        self.nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
        self.maker = {node.output[0]: node for node in self.nodes}
        # Large weights are written as their shapes, small ones (of ones) in full.
        self.weights = {
            node.output[0]: tuple(map(int, constants[node.input[0]]))
            for node in graph.node
            if node.op_type == "ConstantOfShape"
        }
        for node in self.nodes:
            for key in node.input[1:]:
                if node.op_type in ("Conv", "Gemm") and key in constants:
                    self.weights[key] = constants[key].shape

    def layer(self, node: onnx.NodeProto) -> Layer | None:
        options = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
        match node.op_type:
            case "Conv":
                outputs, inputs, *_ = self.weights[node.input[1]]
                groups = options.get("group", 1)
                sides = (one(options[key]) for key in ("kernel_shape", "strides", "pads"))
                return Conv(inputs * groups, outputs, *sides, groups)
            case "MaxPool":
                kernel, stride = (one(options[key]) for key in ("kernel_shape", "strides"))
                return Pool(kernel, stride, tuple(options["pads"]))
            case "LRN":
                alpha, beta = round(options["alpha"], 9), options["beta"]
                return Norm(options["size"], alpha, beta, options["bias"])
            case "Gemm":
                weight = node.input[1]
                if weight in self.maker:  # GoogLeNet's is reshaped from 1 x 1 x 1000 x 1024
                    weight = self.maker[weight].input[0]
                *_, outputs, inputs = self.weights[weight]
                return Linear(inputs, outputs)
            case "Dropout":
                return Dropout(round(options["ratio"], 6))
            case "Relu":
                return Relu()
        return None

    def layers(self) -> list[Layer]:
        return [layer for node in self.nodes if (layer := self.layer(node)) is not None]

    def modules(self) -> list[tuple[str, list[list[Layer]]]]:
        """Of each concatenation the tensor that its branches start from, and the branches."""
        found = []
        for concat in (node for node in self.nodes if node.op_type == "Concat"):
            branches, starts = [], set()
            for end in concat.input:
                nodes = []
                # A branch starts from a tensor that several read.
                while sum(end in node.input for node in self.nodes) == 1:
                    nodes.insert(0, self.maker[end])
                    end = nodes[0].input[0]
                starts.add(end)
                branches.append([self.layer(node) for node in nodes])
            (start,) = starts
            found.append((start, branches))
        return found


@cache
def graph(name: str) -> Graph:
    return Graph(name)


# ------------------------------------------------------------------------------------- the tests


def differences(name: str, *kinds: type) -> list[tuple[Layer, Layer]]:
    net = build(name)
    ours, theirs = (
        [layer for layer in layers if isinstance(layer, kinds)]
        for layers in (our_layers(net.trunk, net.head), graph(name).layers())
    )
    return [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Caffe crops 227 pixels; without padding, 55 x 55 come of that too (not of the 224 here).
        ("alexnet", [(Conv(3, 96, 11, 4, 2, 1), Conv(3, 96, 11, 4, 0, 1))]),
        ("vgg19", []),
        ("googlenet", []),
        (
            "zfnet",
            [
                (Conv(3, 96, 7, 2, 1, 1), Conv(3, 96, 7, 2, 0, 1)),
                # The paper's wider network (section 4.1 of arXiv 1311.2901) has 512, 1024, 512.
                (Conv(256, 384, 3, 1, 1, 1), Conv(256, 512, 3, 1, 1, 1)),
                (Conv(384, 384, 3, 1, 1, 1), Conv(512, 512, 3, 1, 1, 1)),
                (Conv(384, 256, 3, 1, 1, 1), Conv(512, 512, 3, 1, 1, 1)),
            ],
        ),
    ],
)
def test_convolutions(name, expected):
    assert differences(name, Conv) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The pad at the end makes up for pixels lost at the start: 12 x 12 -> 6 x 6.
        ("alexnet", [(Pool(3, 2, (0, 0, 0, 0)), Pool(3, 2, (0, 0, 1, 1)))]),
        ("vgg19", []),
        ("googlenet", []),
        ("zfnet", [(Pool(3, 2, (0, 0, 0, 0)), Pool(2, 2, (0, 0, 0, 0)))]),
    ],
)
def test_pools(name, expected):
    # Caffe and we round grids up, which a graph of this age (operators 9) could not say.
    assert differences(name, Pool) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Caffe's AlexNet has k = 1 and divides the paper's alpha by the size (NIPS 2012, 3.3).
        ("alexnet", [(Norm(5, 5e-4, 0.75, 2.0), Norm(5, 1e-4, 0.75, 1.0))] * 2),
        ("vgg19", []),
        ("googlenet", []),
        ("zfnet", []),
    ],
)
def test_response_norms(name, expected):
    assert differences(name, Norm) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alexnet", []),
        ("vgg19", []),
        ("googlenet", []),
        (
            "zfnet",
            [
                (Linear(256 * 6 * 6, 4096), Linear(512 * 6 * 6, 4096)),
                (Linear(4096, 4096), Linear(4096, 1024)),
                (Linear(4096, 1000), Linear(1024, 1000)),
            ],
        ),
    ],
)
def test_linear_layers(name, expected):
    assert differences(name, Linear) == expected


@pytest.mark.parametrize("name", ["alexnet", "vgg19", "googlenet"])
def test_dropout(name):
    assert differences(name, Dropout) == []


def test_zfnets_graph_leaves_dropout_out():
    kinds = {type(layer) for layer in graph("zfnet").layers()}
    assert kinds == {Conv, Relu, Norm, Pool, Linear}


def order(layers: list[Layer]) -> str:
    return " ".join(type(layer).__name__ for layer in layers)


@pytest.mark.parametrize("name", ["alexnet", "vgg19", "googlenet"])
def test_order(name):
    net = build(name)
    assert order(our_layers(net.trunk, net.head)) == order(graph(name).layers())


def test_zfnets_graph_norms_before_it_pools():
    # Figure 3 of arXiv 1311.2901 pools first.
    trunk, head = our_layers(build("zfnet").trunk), our_layers(build("zfnet").head)
    ours = order([*trunk, *(layer for layer in head if not isinstance(layer, Dropout))])
    assert ours.replace("Pool Norm", "Norm Pool") == order(graph("zfnet").layers())


@pytest.mark.parametrize("name", ["alexnet", "vgg19", "googlenet"])
def test_parameters(name):
    net = build(name)
    parameters = [*net.trunk.parameters(), *net.head.parameters()]
    theirs = graph(name).weights.values()
    assert sum(p.numel() for p in parameters) == sum(map(math.prod, theirs))


def test_branches_of_googlenets_modules():
    trunk = build("googlenet").trunk
    ours = [
        [our_layers(branch) for branch in module.children()]
        for row, module in trunk.named_children()
        if row.startswith("inception_")
    ]
    assert ours == [branches for _, branches in graph("googlenet").modules()]


def test_googlenets_graph_has_no_aux_heads():
    classifiers = [layer for layer in graph("googlenet").layers() if isinstance(layer, Linear)]
    assert len(classifiers) == 1
