"""Do probes find what was planted in a layer, and nothing where there is nothing?"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_nets import PartsWorldDataModule
from lecture_nets.analysis.probes import main_layers, probe
from lecture_nets.nets import AlexNet, InceptionV3

QUESTIONS = ("texture", "part", "class")
PLANTED = {
    "texture": lambda images, labels, truth: maps_of(truth["texture"], 8),
    "part": lambda images, labels, truth: maps_of(truth["parts"], 15),
    "class": lambda images, labels, truth: F.one_hot(labels, 10).float(),
    "nothing": lambda images, labels, truth: images,
}


def maps_of(ids, number):
    return F.one_hot(ids.long(), number).movedim(-1, 1).float()


@pytest.fixture(scope="module")
def batches():
    data = PartsWorldDataModule(image_size=64, test_size=600, return_truth=True)
    data.setup("test")
    return list(data.test_dataloader())


@pytest.fixture(scope="module")
def planted(batches):
    """Results by question for a layer that says ``what``, and only that."""
    generator = torch.Generator().manual_seed(1)

    def run(what: str):
        noise = [(torch.randn(len(x), 4, 9, 9, generator=generator), *rest) for x, *rest in batches]
        shown = [(PLANTED[what](*batch), *batch[1:]) for batch in noise]
        net = nn.Sequential(nn.Identity())
        return {each.question: each for each in probe(net, shown, ["0"])}

    return {what: run(what) for what in PLANTED}


@pytest.mark.parametrize("what", QUESTIONS)
def test_what_a_layer_says_is_read_without_a_mistake(planted, what):
    assert planted[what][what].accuracy == planted[what][what].score == 1
    assert not planted[what][what].guessed


@pytest.mark.parametrize(
    ("what", "question"),
    [
        ("part", "texture"),  # what the body's texture is, parts do not tell
        ("class", "texture"),
        ("nothing", "texture"),
        ("nothing", "part"),
        ("nothing", "class"),
    ],
)
def test_what_a_layer_does_not_say_is_guessed(planted, what, question):
    found = planted[what][question]
    assert abs(found.accuracy - found.chance) < found.margin
    assert found.guessed


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("question", QUESTIONS)
def test_shuffled_answers_are_guessed_whatever_a_layer_says(planted, what, question):
    found = planted[what][question]
    assert abs(found.shuffled - found.chance) < found.margin


def test_chance_and_its_margin_are_those_of_a_die(planted):
    found = planted["nothing"]["class"]
    assert (found.chance, found.tests) == (0.1, 150)
    assert found.margin == pytest.approx(3 * (0.1 * 0.9 / 150) ** 0.5, rel=0.1)


def test_a_class_tells_less_of_a_part_than_the_part_at_its_place(planted):
    assert 0.2 < planted["class"]["part"].score < 0.6


def test_cells_tell_which_layers_have_places(planted):
    assert (planted["texture"]["part"].cells, planted["class"]["part"].cells) == (64 * 64, 1)


def test_main_layers_are_the_rows_with_weights_heard_behind_their_relu():
    assert main_layers(AlexNet(2, width=0.1)) == {
        **{f"conv_{i}": f"conv_{i}" for i in range(1, 6)},
        "fc_6": "relu_6",
        "fc_7": "relu_7",
        "fc_8": "fc_8",
    }
    with torch.device("meta"):
        layers = list(main_layers(InceptionV3(2, width=0.1)))
    assert layers[::6] == ["conv_1", "inception_a2", "inception_b4"]
    assert layers[-1] == "classifier"


def test_the_net_stays_as_it_is_and_answers_alike_each_time(batches):
    net = AlexNet(10, width=0.1).train()
    net.head.eval()
    modes = [part.training for part in net.modules()]
    first = probe(net, batches, ["conv_5", "fc_6"])
    assert [(each.layer, each.question) for each in first] == [
        (layer, question) for layer in ("conv_5", "fc_6") for question in QUESTIONS
    ]
    assert [part.training for part in net.modules()] == modes
    assert not any(part._forward_hooks for part in net.modules())
    assert probe(net, batches, ["conv_5", "fc_6"]) == first
    assert probe(net, batches, ["conv_5", "fc_6"], seed=1) != first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, labels, truth: (x, labels), "no truth.*return_truth=True"),
        (lambda x, labels, truth: (x.flatten(2), labels, truth), r"'0' outputs \(32, 3, 4096\)"),
    ],
)
def test_batches_that_cannot_be_read_are_refused(batches, change, message):
    with pytest.raises(ValueError, match=message):
        probe(nn.Sequential(nn.Identity()), [change(*batch) for batch in batches], ["0"])


def test_too_few_images_are_refused(batches):
    with pytest.raises(ValueError, match=r"a portion lacks .*take more images"):
        probe(nn.Sequential(nn.Identity()), batches[:1], ["0"])


def test_unknown_layers_are_refused(batches):
    with pytest.raises(ValueError, match="unknown layer 'conv_9'"):
        probe(AlexNet(10, width=0.1), batches, ["conv_9"])
