"""Batch norm put into networks that exist: which layers get it, and what it takes to train them."""

import logging
from functools import partial

import pytest
import torch
from lightning.pytorch.callbacks import (
    EMAWeightAveraging,
    LearningRateFinder,
    StochasticWeightAveraging,
)
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from torch import nn
from torchvision import models

from lecture_nets import (
    AlexNetModule,
    GoogLeNetModule,
    ImageClassifier,
    InceptionV3Module,
    VGG19Module,
    cli,
)
from lecture_nets.callbacks import (
    AuxiliaryBatchNorm,
    BatchNormalize,
    StructureCallback,
    add_auxiliary_batch_norm,
    batch_normalize,
)
from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV2, InceptionV3, ShallowSVM, ZFNet

from .strangers import Stranger

AVERAGING = {
    "EMA": EMAWeightAveraging,
    "SWA": partial(StochasticWeightAveraging, swa_lrs=0.1, swa_epoch_start=1),
}
BOTH = pytest.mark.parametrize("callback", [AuxiliaryBatchNorm, BatchNormalize])


@pytest.fixture
def said(caplog):
    """What was told the user so far."""
    logger = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO, logger.name):
        yield lambda: caplog.text
    logger.removeHandler(caplog.handler)


def tiny(**options) -> GoogLeNetModule:
    return GoogLeNetModule(width=0.1, recipe="quick", **options)


def left_out(module, trainer) -> set[str]:
    """Names of the parameters that the optimizer does not hold."""
    held = {id(x) for group in trainer.optimizers[0].param_groups for x in group["params"]}
    return {name for name, x in module.named_parameters() if id(x) not in held}


# The pure functions


@pytest.mark.parametrize(
    ("net", "option", "function"),
    [
        (GoogLeNet, "aux_batch_norm", add_auxiliary_batch_norm),
        (partial(GoogLeNet, batch_norm=True), "aux_batch_norm", add_auxiliary_batch_norm),
        (partial(GoogLeNet, variant="torchvision"), "aux_batch_norm", add_auxiliary_batch_norm),
        (InceptionV2, "aux_batch_norm", add_auxiliary_batch_norm),
        (partial(InceptionV3, aux_batch_norm=False), "aux_batch_norm", add_auxiliary_batch_norm),
        (GoogLeNet, "batch_norm", batch_normalize),
        (partial(GoogLeNet, aux_batch_norm=True), "batch_norm", batch_normalize),
        (VGG19, "batch_norm", batch_normalize),
    ],
)
def test_the_network_becomes_that_of_the_option(net, option, function):
    torch.manual_seed(0)
    altered = net(width=0.1)
    torch.manual_seed(0)
    built = net(width=0.1, **{option: True})
    assert function(altered)
    assert repr(altered) == repr(built)
    ours, theirs = altered.state_dict(), built.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert function(altered) == []


@pytest.mark.parametrize("net", [AlexNet, partial(AlexNet, variant="2014"), ZFNet])
def test_networks_without_the_option_get_norms_and_lose_the_response_norm(net):
    net = net(width=0.1)
    assert len(batch_normalize(net)) == 5
    assert sum(isinstance(part, nn.BatchNorm2d) for part in net.modules()) == 5
    assert not any(isinstance(part, nn.LocalResponseNorm) for part in net.modules())
    assert net(torch.randn(2, 3, 64, 64)).isfinite().all()


@pytest.mark.parametrize(
    ("name", "function", "got"),
    [
        ("googlenet", add_auxiliary_batch_norm, ["aux1.fc1", "aux2.fc1"]),
        ("inception_v3", add_auxiliary_batch_norm, []),
        ("googlenet", batch_normalize, []),
        ("inception_v3", batch_normalize, []),
        ("alexnet", batch_normalize, [f"features.{i}" for i in (0, 3, 6, 8, 10)]),
        ("vgg11_bn", batch_normalize, []),
        ("resnet18", batch_normalize, []),
        ("densenet121", batch_normalize, []),
    ],
)
def test_torchvisions_networks(name, function, got):
    quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        net = models.get_model(name, weights=None, **quick)
    assert function(net) == got
    assert function(net) == []
    for layer in got:
        pair = net.get_submodule(layer)
        assert isinstance(pair[1], nn.BatchNorm1d | nn.BatchNorm2d)
        assert pair[0].bias is not None


@pytest.mark.parametrize(
    ("function", "net", "said"),
    [
        (add_auxiliary_batch_norm, partial(AlexNet, width=0.1), "no auxiliary head in AlexNet"),
        (
            add_auxiliary_batch_norm,
            partial(GoogLeNet, width=0.1, aux_heads=False),
            "Build the network with its auxiliary heads",
        ),
        (batch_normalize, ShallowSVM, "no nn.Conv2d inside ShallowSVM"),
        (batch_normalize, partial(nn.Conv2d, 3, 8, 3), "no nn.Conv2d inside Conv2d"),
    ],
)
def test_a_network_without_such_layers_is_refused(function, net, said):
    with pytest.raises(TypeError, match=said):
        function(net())


class Odd(nn.Module):
    """Orders in which people write norms, and a convolution that is used in two places."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=2)
        self.bn1, self.bn2 = nn.BatchNorm2d(8), nn.BatchNorm2d(8)
        self.nested = nn.Sequential(nn.Sequential(nn.Conv2d(8, 8, 3)), nn.GroupNorm(2, 8))
        self.late = nn.Sequential(nn.Conv2d(8, 8, 3), nn.ReLU(), nn.BatchNorm2d(8))
        self.up = nn.ConvTranspose2d(8, 8, 3)
        self.again = self.late


def test_norms_are_found_by_place_and_name():
    net = Odd()
    assert batch_normalize(net) == ["late.0"]
    assert net.again[0] is net.late[0]


def test_a_shared_convolution_stays_shared():
    shared = nn.Conv2d(3, 3, 1)
    net = nn.ModuleDict({"first": nn.Sequential(shared), "second": nn.Sequential(shared)})
    assert batch_normalize(net) == ["first.0"]
    assert net["first"][0] is net["second"][0]


@pytest.mark.parametrize("net", [partial(AlexNet, width=0.1), models.alexnet])
def test_norms_follow_dtype_device_and_mode_of_their_layers(net):
    with torch.device("meta"):
        net = net().double().eval()
    batch_normalize(net)
    assert not any(part.training for part in net.modules() if isinstance(part, nn.BatchNorm2d))
    assert {x.dtype for x in net.parameters()} == {torch.float64}
    assert {x.device.type for x in net.state_dict().values()} == {"meta"}


# On our modules; the matrix of averaging and stages is in test_structure_matrix.py


@pytest.mark.parametrize(
    ("module", "option"),
    [
        (partial(VGG19Module, width=0.1), "batch_norm"),
        (partial(AlexNetModule, width=0.1), None),
    ],
)
def test_options_in_the_checkpoint_tell_the_truth(module, option, tmp_path, quiet_trainer, loader):
    module, trainer = module(recipe="quick"), quiet_trainer(callbacks=[BatchNormalize()])
    trainer.fit(module, loader())
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    again = type(module).load_from_checkpoint(tmp_path / "a.ckpt")
    for each in (module, again):
        assert each.hparams.get("batch_norm") is (True if option else None)
        assert each.hparams_initial.get("batch_norm") is (True if option else None)
        assert each.alterations == ("BatchNormalize",)
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(again.eval()(images), module.eval()(images))


def test_both_at_once_load_without_either(tmp_path, quiet_trainer, loader):
    module = tiny()
    trainer = quiet_trainer(callbacks=[BatchNormalize(), AuxiliaryBatchNorm()])
    trainer.fit(module, loader(size=32))
    assert not left_out(module, trainer)
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    again = GoogLeNetModule.load_from_checkpoint(tmp_path / "a.ckpt")
    assert again.alterations == ("BatchNormalize", "AuxiliaryBatchNorm")
    assert repr(again.net) == repr(tiny(batch_norm=True, aux_batch_norm=True).net)


def test_a_folder_of_save_pretrained_keeps_them(tmp_path):
    module = tiny()
    BatchNormalize().apply(module)
    module.save_pretrained(tmp_path / "folder")
    again = GoogLeNetModule.from_pretrained(tmp_path / "folder")
    assert again.alterations == ("BatchNormalize",)
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(again.eval()(images), module.eval()(images))


@pytest.mark.parametrize(
    ("callback", "build", "told"),
    [
        (AuxiliaryBatchNorm, tiny, "AuxiliaryBatchNorm gave 4 layers of GoogLeNetModule a batch"),
        (BatchNormalize, tiny, "BatchNormalize gave 59 layers of GoogLeNetModule a batch norm."),
        (
            BatchNormalize,
            lambda: ImageClassifier(models.squeezenet1_0(), num_classes=1000),
            "BatchNormalize gave 26 layers of ImageClassifier a batch norm.",
        ),
    ],
)
def test_weights_loaded_without_strictness_bring_their_structure(callback, build, told, said):
    altered, module = build(), build()
    callback().apply(altered)
    keys = module.load_state_dict(altered.state_dict(), strict=False)
    assert not any(keys)
    assert module.alterations == (callback.__name__,)
    assert told in said()


def test_weights_loaded_strictly_change_nothing():
    altered = tiny()
    AuxiliaryBatchNorm().apply(altered)
    with pytest.raises(RuntimeError, match="Unexpected key"):
        tiny().load_state_dict(altered.state_dict())


@pytest.mark.filterwarnings("ignore:Swapping scheduler")
def test_a_users_swa_stands_in_for_the_recipes_average(quiet_trainer, loader):
    trainer = quiet_trainer(callbacks=[AVERAGING["SWA"]()])
    module = GoogLeNetModule(width=0.1, recipe="paper")
    trainer.fit(module, loader(size=32), loader(size=32))
    kinds = [type(callback).__name__ for callback in trainer.callbacks]
    assert "WeightAveraging" not in kinds


class Widen(StructureCallback):
    """A structure callback of the user's own."""

    option = "wider"
    find = staticmethod(lambda net: [])
    alter = staticmethod(lambda net: [])


def test_an_alteration_that_nobody_knows_is_named():
    module, checkpoint = tiny(), {"lecture_nets": {"alterations": ["Widen"]}}
    with pytest.raises(ValueError, match=r"altered by Widen.*Widen\(\)\.apply\(module\)"):
        module.on_load_checkpoint(checkpoint)
    Widen().apply(module)
    module.on_load_checkpoint(checkpoint)


def test_nothing_to_do_is_said_in_a_line(said, quiet_trainer, loader):
    module = InceptionV3Module(width=0.05, resolution=79, recipe="quick")
    quiet_trainer(callbacks=[AuxiliaryBatchNorm()], limit_train_batches=1).fit(module, loader())
    assert "AuxiliaryBatchNorm changes nothing: the layers of InceptionV3Module" in said()


@BOTH
@pytest.mark.parametrize(
    "options",
    [
        dict(accumulate_grad_batches=2),
        dict(precision="bf16-mixed"),
        dict(gradient_clip_val=0.5),
    ],
    ids=str,
)
def test_ways_of_training(callback, options, quiet_trainer, loader):
    module, trainer = tiny(), quiet_trainer(callbacks=[callback()], **options)
    start = {name: x.clone() for name, x in module.named_parameters()}
    trainer.fit(module, loader(size=32))
    assert not left_out(module, trainer)
    new = {name: x for name, x in module.named_parameters() if name not in start}
    assert new
    for name, x in new.items():
        assert not torch.equal(x, torch.full_like(x, float("weight" in name))), name


@BOTH
def test_the_learning_rate_finder_puts_everything_back(callback, quiet_trainer, loader):
    module = tiny()
    finder = LearningRateFinder(num_training_steps=3, update_attr=False)
    trainer = quiet_trainer(callbacks=[finder, callback()], max_steps=2)
    trainer.fit(module, loader(size=32))
    assert trainer.global_step == 2
    assert not left_out(module, trainer)


@BOTH
def test_torch_compile_recompiles_no_more_than_for_the_option(callback, quiet_trainer, loader):
    graphs: dict[str, int] = {}
    for name, options in (("option", {callback.option: True}), ("callback", {})):
        torch._dynamo.reset()
        graphs[name] = 0

        def count(graph, inputs, name=name):
            graphs[name] += 1
            return graph.forward

        module = tiny(**options)
        # The training pass alone: Lightning's own logging breaks a graph of the whole step.
        compiled = torch.compile(module.net.forward_with_aux, backend=count)
        module.net.forward_with_aux = compiled
        callbacks = [callback()] if name == "callback" else []
        quiet_trainer(callbacks=callbacks).fit(module, loader(size=32))
    assert 0 < graphs["callback"] <= graphs["option"] + 2


# On a stranger's


def test_a_strangers_new_parameters_are_trained_and_its_checkpoint_needs_the_callback(
    tmp_path, said, quiet_trainer, loader
):
    module, trainer = Stranger("googlenet"), quiet_trainer(callbacks=[AuxiliaryBatchNorm()])
    trainer.fit(module, loader(size=32), loader(size=32))
    assert not left_out(module, trainer)
    assert "Its checkpoints load where AuxiliaryBatchNorm is among the Trainer" in said()
    trainer.save_checkpoint(path := tmp_path / "a.ckpt")

    with pytest.raises(RuntimeError, match=r"Unexpected key.*aux1\.fc1\.0\.weight"):
        Stranger.load_from_checkpoint(path)
    by_hand = Stranger("googlenet")
    AuxiliaryBatchNorm().apply(by_hand)
    by_hand.load_state_dict(torch.load(path, weights_only=True)["state_dict"])
    by_trainer = Stranger("googlenet")
    quiet_trainer(callbacks=[AuxiliaryBatchNorm()]).validate(
        by_trainer, loader(size=32), ckpt_path=path, verbose=False
    )
    for again in (by_hand, by_trainer):
        for key, value in module.state_dict().items():
            assert torch.equal(value, again.state_dict()[key]), key


def test_a_stranger_who_has_all_norms_is_told(said, quiet_trainer, loader):
    trainer = quiet_trainer(callbacks=[BatchNormalize()], limit_train_batches=1)
    trainer.fit(Stranger("googlenet"), loader(size=32), loader(size=32))
    assert "BatchNormalize changes nothing: the layers of Stranger" in said()


@pytest.mark.filterwarnings("ignore:Swapping scheduler")
@pytest.mark.parametrize("averaging", AVERAGING)
def test_on_a_strangers_it_stands_in_front_of_those_that_copy(averaging, quiet_trainer, loader):
    module, averaging = Stranger("squeezenet1_0"), AVERAGING[averaging]
    before = list(module.state_dict())
    with pytest.raises(MisconfigurationException, match="Put BatchNormalize first in Trainer"):
        quiet_trainer(callbacks=[averaging(), BatchNormalize()]).fit(module, loader(), loader())
    assert list(module.state_dict()) == before

    trainer = quiet_trainer(callbacks=[BatchNormalize(), averaging()])
    trainer.fit(module, loader(), loader())
    assert not left_out(module, trainer)
    # Changed already, so the order does not matter any more.
    quiet_trainer(callbacks=[averaging(), BatchNormalize()]).fit(module, loader(), loader())


@pytest.mark.parametrize(
    ("callback", "module", "said"),
    [
        (AuxiliaryBatchNorm, partial(Stranger, "alexnet"), "no auxiliary head in Stranger"),
        (
            AuxiliaryBatchNorm,
            partial(AlexNetModule, width=0.1),
            "no auxiliary head in AlexNetModule",
        ),
    ],
)
def test_where_it_does_not_apply_the_trainer_says_so(callback, module, said, quiet_trainer, loader):
    with pytest.raises(TypeError, match=said):
        quiet_trainer(callbacks=[callback()]).fit(module(), loader(), loader())


# From the shell


@BOTH
def test_the_shell_knows_its_short_name(callback, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = cli.main(
        [
            *("fit", "--model=GoogLeNetModule", "--model.width=0.1", "--data.image_size=32"),
            *("--data.train_size=8", "--data.val_size=8", "--data.test_size=8"),
            *("--data.batch_size=4", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"),
            *("--trainer.enable_progress_bar=false", "--trainer.logger=false"),
            f"--trainer.callbacks={callback.__name__}",
        ]
    )
    assert code == 0
    checkpoint = torch.load(next(tmp_path.rglob("*.ckpt")), weights_only=True)
    assert checkpoint["hyper_parameters"][callback.option] is True
    assert checkpoint["lecture_nets"]["alterations"] == [callback.__name__]
    assert GoogLeNetModule.load_from_checkpoint(next(tmp_path.rglob("*.ckpt")))
