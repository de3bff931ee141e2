"""Features that a trained network computes of images, kept for a new last layer.

features = FeatureDataModule(AlexNetModule.from_pretrained("parts_world").net, data)
trainer.fit(ImageClassifier(features.last_layer()), datamodule=features)
"""

from copy import copy
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lecture_nets.analysis.capture import device_of
from lecture_nets.analysis.growth import last_layer
from lecture_nets.data.base import ImageDataModule
from lecture_nets.nets.layers import evaluating
from lecture_nets.nets.network import Network


class LastLayer(nn.Linear):
    """A linear layer that can say what it tells apart: (N, F) -> (N, num_classes)."""

    @property
    def num_classes(self) -> int:
        return self.out_features


class FeatureDataModule(LightningDataModule):
    """Inputs of the last layer of ``net`` for images of ``data``: vectors (N, F) and labels.

    All are computed at once, in evaluation mode; then an epoch takes milliseconds.

    Args:
        net: trained; stays as it was.
        data: its images and labels, in three splits.
    """

    def __init__(self, net: Network, data: ImageDataModule) -> None:
        super().__init__()
        self.class_names = data.class_names
        self.num_classes = data.num_classes
        self.batch_size = data.batch_size
        data.setup("fit")
        data.setup("test")
        self.train_set = features(net, data.loader(data.train_set))
        self.val_set = features(net, data.val_dataloader())
        self.test_set = features(net, data.test_dataloader())

    def last_layer(self) -> LastLayer:
        """A new layer that fits these features."""
        return LastLayer(self.train_set.tensors[0].shape[1], self.num_classes)

    def relabeled(self, labels: Tensor) -> "FeatureDataModule":
        """The same features with other training labels (N,), without looking at images again."""
        other = copy(self)
        other.train_set = TensorDataset(self.train_set.tensors[0], labels)
        return other

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.train_set, self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.val_set, self.batch_size)

    def test_dataloader(self) -> DataLoader:
        return DataLoader(self.test_set, self.batch_size)


@torch.no_grad()
def features(net: Network, batches: DataLoader) -> TensorDataset:
    """Inputs of the last layer of ``net`` (N, F), and labels (N,)."""
    seen: list[Tensor] = []
    labels: list[Tensor] = []

    def look(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.append(inputs[0].cpu())

    hook = last_layer(net.head).register_forward_pre_hook(look)
    device = device_of(net)
    try:
        with evaluating(net):
            for images, some, *_ in batches:
                net(images.to(device))
                labels.append(some)
    finally:
        hook.remove()
    return TensorDataset(torch.cat(seen), torch.cat(labels))
