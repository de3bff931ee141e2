"""The modules in real Trainers: fit, validate, test, save, load; and clear words."""

import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint, WeightAveraging
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lecture_nets
from lecture_nets.callbacks import LabelSmoothing
from lecture_nets.data import PartsWorldDataModule
from lecture_nets.nets import NETS, AlexNet
from lecture_nets.training import MODULES, RECIPES, CheckpointError, ImageClassifier
from lecture_nets.training import embedded as embedded_room
from lecture_nets.training.embedded import brings_the_training_data

SMALL = {
    "ShallowSVMModule": dict(width=0.0625),
    "AlexNetModule": dict(width=0.0625),
    "ZFNetModule": dict(width=0.0625),
    "VGG19Module": dict(width=0.0625),
    "GoogLeNetModule": dict(width=0.125),
    "InceptionV2Module": dict(width=0.125),
    "InceptionV3Module": dict(width=0.125),
    "ResNet50Module": dict(width=0.125),
}
LOGGED = {"train_loss", "train_acc", "val_loss", "val_acc", "val_top5"}


def small(name: str, **options) -> ImageClassifier:
    return MODULES[name](**(SMALL[name] | options))


@pytest.fixture
def few_embedded(monkeypatch):
    """The embedded images, but few, so that a test does not draw thousands."""

    def parts_world(batch_size: int, stage: str) -> PartsWorldDataModule:
        sizes = dict(train_size=40, val_size=20, test_size=20)
        data = PartsWorldDataModule(image_size=96, batch_size=20, **sizes)
        data.setup(stage)
        return data

    monkeypatch.setattr(embedded_room, "parts_world", parts_world)


def test_there_is_a_module_for_each_network():
    assert [name.removesuffix("Module") for name in MODULES] == [n.__name__ for n in NETS.values()]


@pytest.mark.parametrize("name", MODULES)
def test_fit_validate_test_save_and_load(name, quiet_trainer, few_embedded, tmp_path):
    module = small(name)
    trainer = quiet_trainer(enable_checkpointing=True, callbacks=[ModelCheckpoint(tmp_path)])
    trainer.fit(module)
    assert set(trainer.callback_metrics) >= LOGGED
    assert trainer.validate(module, verbose=False)[0].keys() == {"val_loss", "val_acc", "val_top5"}
    assert trainer.test(module, verbose=False)[0].keys() == {"test_loss", "test_acc", "test_top5"}
    path = trainer.checkpoint_callback.best_model_path
    loaded = type(module).load_from_checkpoint(path)
    images = torch.randn(2, 3, 96, 96)
    assert torch.equal(loaded.eval()(images), module.eval()(images))
    assert type(lecture_nets.load(path)) is type(module)
    assert loaded.data_facts["class_names"][:2] == ["car", "bus"]


def test_probabilities_are_predicted(quiet_trainer, few_embedded):
    probabilities = torch.cat(quiet_trainer().predict(small("AlexNetModule")))
    assert probabilities.shape == (20, 10)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(20))


# What it learns from


def test_no_data_means_embedded_images_and_an_end(quiet_trainer, few_embedded, capfd, monkeypatch):
    monkeypatch.setattr(ImageClassifier, "recipe", RECIPES[AlexNet]["quick"])
    module = small("AlexNetModule")
    trainer = quiet_trainer(max_epochs=None, limit_train_batches=1, limit_val_batches=1)
    with pytest.warns(UserWarning, match="`max_epochs` was not set"):
        trainer.fit(module)
    assert trainer.current_epoch == RECIPES[AlexNet]["quick"].epochs
    assert brings_the_training_data(module, trainer)


def test_one_line_says_what_it_learns_from(quiet_trainer, few_embedded, caplog):
    quiet_trainer().fit(small("AlexNetModule"))
    lines = [r.getMessage() for r in caplog.records if "given no data" in r.getMessage()]
    assert len(lines) == 1
    for word in ("embedded images", "PartsWorld", "96 pixels", "'quick'", "stops after 1 epochs"):
        assert word in lines[0]


def test_own_training_data_are_never_judged_by_embedded_images(quiet_trainer, loader, monkeypatch):
    monkeypatch.setattr(embedded_room, "parts_world", lambda *_: pytest.fail("embedded images"))
    module = small("AlexNetModule")
    trainer = quiet_trainer()
    trainer.fit(module, loader())
    assert not brings_the_training_data(module, trainer)
    assert "val_loss" not in trainer.callback_metrics
    with pytest.raises(ValueError, match="learned from your own data"):
        trainer.test(module)


def test_own_validation_data_are_used(quiet_trainer, loader):
    trainer = quiet_trainer()
    trainer.fit(small("AlexNetModule"), loader(), loader())
    assert "val_loss" in trainer.callback_metrics


def test_recipe_is_quick_on_embedded_images_and_the_papers_elsewhere(
    quiet_trainer, loader, few_embedded
):
    assert small("AlexNetModule").recipe is RECIPES[AlexNet]["paper"]
    for data, recipe in ((None, "quick"), (loader(), "paper")):
        module = small("AlexNetModule")
        quiet_trainer().fit(module, data)
        assert module.recipe is RECIPES[AlexNet][recipe]
    data = PartsWorldDataModule(96, train_size=20, val_size=20, batch_size=10)
    module = small("AlexNetModule")
    quiet_trainer().fit(module, datamodule=data)
    assert module.recipe is RECIPES[AlexNet]["quick"]


def test_a_named_recipe_and_rate_are_kept(quiet_trainer, loader):
    module = small("AlexNetModule", recipe="quick", lr=0.123)
    trainer = quiet_trainer()
    trainer.fit(module, loader())
    assert isinstance(trainer.optimizers[0], torch.optim.AdamW)
    assert trainer.optimizers[0].defaults["lr"] == 0.123


# What Inception V3 brings


def test_inception_v3_brings_label_smoothing_and_averages_its_weights(quiet_trainer, loader):
    trainer = quiet_trainer()
    trainer.fit(small("InceptionV3Module"), loader(size=75))
    smoothing = [c for c in trainer.callbacks if isinstance(c, LabelSmoothing)]
    assert [c.epsilon for c in smoothing] == [0.1]
    assert any(isinstance(c, WeightAveraging) for c in trainer.callbacks)


def test_the_users_callbacks_of_the_same_kind_take_precedence(quiet_trainer, loader):
    mine = [LabelSmoothing(0.3), EMAWeightAveraging(decay=0.5)]
    trainer = quiet_trainer(callbacks=list(mine))
    trainer.fit(small("InceptionV3Module"), loader(size=75))
    for kind in (LabelSmoothing, WeightAveraging):
        assert [c for c in trainer.callbacks if isinstance(c, kind)] == [
            c for c in mine if isinstance(c, kind)
        ]


def test_aux_heads_count_in_training_and_only_there(quiet_trainer, loader):
    losses = {}
    for weight in (0.0, 1.0):
        torch.manual_seed(0)
        module = small("GoogLeNetModule", aux_weight=weight, lr=1e-12)
        module.net.apply(lambda m: setattr(m, "p", 0.0) if isinstance(m, nn.Dropout) else None)
        trainer = quiet_trainer()
        trainer.fit(module, loader(), loader())
        losses[weight] = {k: v.item() for k, v in trainer.callback_metrics.items()}
    assert losses[1.0]["train_loss"] > 2 * losses[0.0]["train_loss"]
    assert losses[1.0]["val_loss"] == losses[0.0]["val_loss"]
    assert losses[0.0]["val_loss"] == pytest.approx(losses[0.0]["train_loss"], rel=1e-4)


def test_default_weights_of_aux_heads_are_the_papers():
    weights = [small(n).aux_weight for n in ("GoogLeNetModule", "InceptionV2Module")]
    assert [*weights, small("InceptionV3Module").aux_weight] == [0.3, 0.4, 0.4]


# A stranger's network


def test_any_network_can_be_wrapped(quiet_trainer, loader):
    net = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 4))
    trainer = quiet_trainer()
    trainer.fit(ImageClassifier(net, num_classes=4), loader(classes=4), loader(classes=4))
    assert set(trainer.callback_metrics) >= {"train_loss", "train_acc", "val_loss", "val_acc"}
    assert "val_top5" not in trainer.callback_metrics  # four classes have no five best


# Clear words


def test_labels_out_of_range(quiet_trainer, loader):
    with pytest.raises(ValueError, match=r"labels from 0 to 11.*num_classes=10.*0 to 9"):
        quiet_trainer().fit(small("AlexNetModule"), loader(images=12, classes=12, batch_size=12))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (torch.eye(10)[:4].long(), r"argmax\(dim=1\) or labels\.float"),
        (torch.arange(4.0), r"floats of shape \(N, 10\).*labels\.long"),
        (torch.eye(7)[:4], r"shape \(4, 7\).*num_classes=10"),
    ],
)
def test_labels_that_are_neither_indices_nor_shares(labels, said, quiet_trainer):
    data = DataLoader(TensorDataset(torch.randn(4, 3, 64, 64), labels), batch_size=4)
    with pytest.raises(ValueError, match=said):
        quiet_trainer().fit(small("AlexNetModule"), data)


def test_classes_that_disagree_with_the_data(quiet_trainer, few_embedded):
    with pytest.raises(ValueError, match=r"num_classes=7.*10 classes.*AlexNetModule\(num_cl"):
        quiet_trainer().fit(small("AlexNetModule", num_classes=7))


def test_one_class_is_none():
    with pytest.raises(ValueError, match="at least 2"):
        small("AlexNetModule", num_classes=1)


def test_unknown_recipe_lists_the_known():
    with pytest.raises(ValueError, match=r"Did you mean paper.*paper, quick"):
        small("AlexNetModule", recipe="papr")


def test_smoothing_in_the_criterion_is_sent_to_the_callback():
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    with pytest.raises(ValueError, match="LabelSmoothing"):
        ImageClassifier(nn.Linear(2, 2), num_classes=2, criterion=criterion)


def test_a_batch_of_one_with_a_normed_aux_head(quiet_trainer, loader):
    with pytest.raises(ValueError, match=r"batch of one image.*drop_last"):
        quiet_trainer().fit(small("InceptionV3Module"), loader(size=299, images=2, batch_size=1))


def test_a_last_batch_of_one_is_found_before_the_first_step(quiet_trainer, loader):
    module = small("InceptionV3Module")
    with pytest.raises(ValueError, match=r"batch of one image.*drop_last"):
        quiet_trainer().fit(module, loader(size=75, images=5, batch_size=4))
    assert module.trainer.global_step == 0


def test_a_last_batch_of_one_is_fine_without_batch_norm(quiet_trainer, loader):
    quiet_trainer().fit(small("AlexNetModule"), loader(images=5, batch_size=4))


def test_a_loss_that_is_not_finite_stops_before_the_step(quiet_trainer, loader):
    module = small("AlexNetModule")
    before = module.net.head.fc_8.weight.detach().clone()
    data = loader()
    data.dataset[0][0].fill_(float("nan"))
    with pytest.raises(RuntimeError, match=r"loss is nan in epoch 0, batch 0.*learning rate"):
        quiet_trainer().fit(module, data)
    assert torch.equal(module.net.head.fc_8.weight, before)


@pytest.fixture
def alexnet_checkpoint(quiet_trainer, loader, tmp_path):
    trainer = quiet_trainer(enable_checkpointing=True, callbacks=[ModelCheckpoint(tmp_path)])
    trainer.fit(small("AlexNetModule", variant="2014"), loader())
    return trainer.checkpoint_callback.best_model_path


@pytest.mark.parametrize("wrong", ["InceptionV3Module", "ZFNetModule"])
def test_the_wrong_class_says_which_is_right(wrong, alexnet_checkpoint):
    with pytest.raises(ValueError, match=f"written by AlexNetModule, not by {wrong}"):
        MODULES[wrong].load_from_checkpoint(alexnet_checkpoint)


def test_the_base_class_says_so_too(alexnet_checkpoint):
    with pytest.raises(ValueError, match="written by AlexNetModule, not by ImageClassifier"):
        ImageClassifier.load_from_checkpoint(alexnet_checkpoint)


def test_an_open_file_can_be_loaded_too(alexnet_checkpoint):
    with open(alexnet_checkpoint, "rb") as file:
        assert MODULES["AlexNetModule"].load_from_checkpoint(file).hparams["variant"] == "2014"


def test_constructor_arguments_come_back(alexnet_checkpoint):
    assert lecture_nets.load(alexnet_checkpoint).hparams["variant"] == "2014"


def test_a_checkpoint_of_others_is_named(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="not written by a module of lecture_nets"):
        lecture_nets.load(tmp_path / "x.ckpt")
