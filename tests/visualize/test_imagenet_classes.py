"""A network that learned from ImageNet knows again what is drawn for its classes."""

import torch
from torchvision.models import AlexNet_Weights

from lecture_nets.visualize.maximize import maximize_activations

HALF = (0.5, 0.5, 0.5)
CLASSES = {"flamingo": 130, "golden retriever": 207, "pizza": 963, "daisy": 985}


def test_the_network_is_loaded_rightly_and_sees_a_cat(imagenet_net, photo):
    names = AlexNet_Weights.DEFAULT.meta["categories"]  # ImageNet's, in order
    _, batch = photo("cat")
    best = [names[i] for i in imagenet_net(batch)[0].topk(5).indices]
    assert {"Egyptian cat", "tabby", "tiger cat"} & set(best)


def test_pictures_of_classes_are_classified_as_those_in_eight_bits(imagenet_net):
    names = AlexNet_Weights.DEFAULT.meta["categories"]
    assert [names[i] for i in CLASSES.values()] == list(CLASSES)
    objectives = [f"class:{i}" for i in CLASSES.values()]
    pictures = maximize_activations(imagenet_net, objectives, steps=32, mean=HALF, std=HALF)
    stored = (255 * pictures).round().to(torch.uint8)
    with torch.no_grad():
        probabilities = imagenet_net(stored / 127.5 - 1).softmax(1)
    assert probabilities.argmax(1).tolist() == list(CLASSES.values())
    assert probabilities.amax(1).min() > 0.9
