"""The network that learned from ImageNet is loaded once."""

import pytest

from . import imagenet


@pytest.fixture(scope="session")
def imagenet_net():
    return imagenet.imagenet_net()


@pytest.fixture(scope="session")
def photo():
    return imagenet.photo
