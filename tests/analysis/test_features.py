"""Features of a network: what its last layer sees, and a new last layer that learns from them."""

import pytest
import torch
from lightning.pytorch import Trainer

from lecture_nets import AlexNetModule, PartsWorldDataModule
from lecture_nets.analysis.features import FeatureDataModule
from lecture_nets.analysis.growth import last_layer
from lecture_nets.training.classifier import ImageClassifier


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return AlexNetModule(num_classes=10, width=0.1).net.train()


@pytest.fixture(scope="module")
def data():
    return PartsWorldDataModule(
        64, batch_size=8, train_size=12, val_size=4, test_size=6, label_noise=0.5, augment=False
    )


@pytest.fixture(scope="module")
def features(net, data):
    return FeatureDataModule(net, data)


def test_the_old_last_layer_makes_the_old_scores_of_them(net, data, features):
    inputs, labels = features.train_set.tensors
    net.eval()
    with torch.no_grad():
        expected = net(data.normalize(data.train_set.images))
        torch.testing.assert_close(last_layer(net.head)(inputs), expected, rtol=1e-4, atol=1e-5)
    assert labels.equal(data.train_set.labels)


def test_wrong_labels_are_those_of_training_only(data, features):
    assert not features.train_set.tensors[1].equal(data.train_set.true_labels)
    assert features.test_set.tensors[1].equal(data.test_set.true_labels)


def test_the_network_stays_as_it_was(data):
    net = AlexNetModule(num_classes=10, width=0.1).net.train()
    FeatureDataModule(net, data)
    assert net.training
    assert not last_layer(net.head)._forward_pre_hooks


def test_a_new_last_layer_learns_from_them(features):
    layer = features.last_layer()
    before = layer.weight.detach().clone()
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
    )
    trainer.fit(ImageClassifier(layer), datamodule=features)
    assert layer.num_classes == 10
    assert not layer.weight.equal(before)


def test_other_training_labels_for_the_same_features(features):
    labels = features.train_set.tensors[1]
    other = features.relabeled(labels.flip(0))
    assert other.train_set.tensors[0] is features.train_set.tensors[0]
    assert other.train_set.tensors[1].equal(labels.flip(0))
    assert features.train_set.tensors[1] is labels
    assert other.test_set is features.test_set
    inputs, seen = next(iter(other.train_dataloader()))
    where = (other.train_set.tensors[0][:, None] == inputs).all(2).float().argmax(0)
    assert other.train_set.tensors[1][where].equal(seen)
