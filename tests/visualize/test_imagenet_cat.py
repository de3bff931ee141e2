"""Does Grad-CAM fall on the cat? Asked of a network that learned from ImageNet, on a photograph."""

import pytest
import torch

from lecture_nets.visualize.attribution import grad_cam

CATS = torch.arange(281, 286)  # tabby, tiger, Persian, Siamese, Egyptian
CUPS = torch.tensor([967, 968])  # espresso, cup
LAST_MAP = "bn2"  # what EfficientNet averages
# Where the head is, ears and whiskers apart, as shares of the width and the height.
LEFT, TOP, RIGHT, BOTTOM = 0.07, 0.0, 0.81, 0.97


def likeliest(logits, classes):
    return int(classes[logits[0, classes].argmax()])


def box_of(image):
    height, width = image.shape[1:]
    rows = slice(round(TOP * height), round(BOTTOM * height))
    return rows, slice(round(LEFT * width), round(RIGHT * width))


def test_a_cat_is_among_the_five_likeliest_classes(imagenet_net, photo):
    _, batch = photo("cat")
    assert set(imagenet_net(batch)[0].topk(5).indices.tolist()) & set(CATS.tolist())


def test_the_evidence_for_a_cat_lies_on_the_cat(imagenet_net, photo):
    image, batch = photo("cat")
    best = likeliest(imagenet_net(batch), CATS)
    found = grad_cam(imagenet_net, batch, [best], layer=LAST_MAP)[0]
    inside = torch.zeros_like(found)
    inside[box_of(image)] = 1
    share = (found * inside).sum() / found.sum()
    assert share >= 0.85
    assert share >= inside.mean() + 0.1
    assert inside.flatten()[found.argmax()]


@pytest.mark.parametrize("order", [("cat", "coffee"), ("coffee", "cat")])
def test_each_class_has_its_own_half_of_a_picture_of_a_cat_and_a_cup(imagenet_net, photo, order):
    halves = [photo(name)[1][..., 56:168] for name in order]
    batch = torch.cat(halves, dim=3).repeat(2, 1, 1, 1)
    logits = imagenet_net(batch)
    classes = {"cat": likeliest(logits, CATS), "coffee": likeliest(logits, CUPS)}
    maps = grad_cam(imagenet_net, batch, [classes[name] for name in order], layer=LAST_MAP)
    for found, half in zip(maps, (slice(None, 112), slice(112, None)), strict=True):
        assert found[:, half].sum() / found.sum() >= 0.8
