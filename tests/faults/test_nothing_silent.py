"""What would have gone on without a word: options, labels, classes, numbers, other runs' files."""

import re
import warnings

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from PIL import Image
from torch import nn

from lecture_nets import AlexNetModule, GoogLeNetModule, ImageClassifier, InceptionV3Module
from lecture_nets.callbacks import LabelSmoothing
from lecture_nets.checkpoints import CheckpointError
from lecture_nets.data import ImageFolderDataModule, PartsWorldDataModule
from lecture_nets.nets import AlexNet, ShallowSVM
from lecture_nets.training import NonFiniteError, load

pytestmark = [
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),
]
TINY = dict(width=0.0625, recipe="quick")
NAN = float("nan")


# Options outside their meaning, refused where they are given and by name.
@pytest.mark.parametrize(
    ("build", "named"),
    [
        *(
            (lambda w=w: GoogLeNetModule(aux_weight=w), "aux_weight")
            for w in (NAN, -1, "0.4", True)
        ),
        *((lambda lr=lr: AlexNetModule(lr=lr), "lr") for lr in (NAN, 0, -1, "0.1", float("inf"))),
        *((lambda n=n: AlexNet(n), "num_classes") for n in (0, -1, 1.5, "10", None, True)),
        *((lambda w=w: AlexNet(width=w), "width") for w in (0, -1, NAN, "0.5", None)),
        *((lambda c=c: AlexNet(in_channels=c), "in_channels") for c in (0, -3, 1.5, "3")),
        *((lambda n=n: InceptionV3Module(n), "num_classes") for n in (0, 1, 2.5, "10")),
        (lambda: ShallowSVM(width="wide"), "width"),
    ],
)
def test_options_outside_their_meaning_are_refused_by_name(build, named):
    with pytest.raises(ValueError, match=rf"{named}=.*needed|{named}=.*needs"):
        build()


def test_numbers_of_numpy_and_torch_are_saved_as_plain_ones(quiet_trainer, loader, tmp_path):
    module = GoogLeNetModule(
        np.int64(3), width=np.float64(0.125), aux_weight=torch.tensor(0.25), lr=np.float32(0.5)
    )
    assert {
        key: type(module.hparams[key]) for key in ("num_classes", "width", "aux_weight", "lr")
    } == {
        "num_classes": int,
        "width": float,
        "aux_weight": float,
        "lr": float,
    }
    trainer = quiet_trainer(fast_dev_run=1)
    trainer.fit(module, loader(classes=3))
    trainer.save_checkpoint(tmp_path / "m.ckpt")
    assert load(tmp_path / "m.ckpt").num_classes == 3


def test_an_option_that_no_checkpoint_can_hold_is_refused_before_training(
    quiet_trainer, loader, tmp_path
):
    class Mine(AlexNetModule):
        def __init__(self, folder=tmp_path):
            super().__init__(10, **TINY)

    with pytest.raises(CheckpointError, match=r"Mine\(folder=\.\.\.\).*PosixPath.*Cure"):
        quiet_trainer(enable_checkpointing=True).fit(Mine(), loader())


# Networks and numbers that are none


class Gives(nn.Module):
    def __init__(self, output):
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.output = output

    def forward(self, images):
        return self.output(self.layer(images.mean((2, 3))))


@pytest.mark.parametrize(
    ("output", "error", "said"),
    [
        (lambda x: x, ValueError, r"returns logits \(4, 1\).*needed is \(4, 2\)"),
        (lambda x: x.expand(-1, 5), ValueError, r"\(4, 5\)"),
        (lambda x: (x, x), TypeError, "returns tuple.*aux_logits=False"),
    ],
)
def test_outputs_of_another_shape_are_told(quiet_trainer, loader, output, error, said):
    module = ImageClassifier(Gives(output), num_classes=2, recipe="quick")
    for action in ("fit", "test"):
        with pytest.raises(error, match=said):
            getattr(quiet_trainer(), action)(module, loader(classes=2))


@pytest.mark.parametrize("action", ["validate", "test", "predict"])
def test_logits_that_are_no_numbers_are_refused(quiet_trainer, loader, action):
    module = AlexNetModule(10, **TINY)
    batches = loader()
    batches.dataset[2][0].fill_(NAN)
    with pytest.raises(NonFiniteError, match=r"logits of 1 of 4 images.*sample 2.*Samples"):
        getattr(quiet_trainer(), action)(module, batches)


def test_nan_in_validation_ends_a_fit_that_monitors_nothing(quiet_trainer, loader):
    bad = loader()
    bad.dataset[2][0].fill_(NAN)
    with pytest.raises(NonFiniteError, match="sample 2"):
        quiet_trainer().fit(AlexNetModule(10, **TINY), loader(), bad)


def test_weights_that_are_no_numbers_are_not_loaded(quiet_trainer, loader, tmp_path):
    trainer = quiet_trainer(fast_dev_run=1)
    trainer.fit(AlexNetModule(10, **TINY), loader())
    trainer.save_checkpoint(tmp_path / "m.ckpt")
    checkpoint = torch.load(tmp_path / "m.ckpt", weights_only=True)
    checkpoint["state_dict"]["net.head.fc_8.bias"][0] = NAN
    torch.save(checkpoint, tmp_path / "nan.ckpt")
    for read in (load, AlexNetModule.load_from_checkpoint):
        with pytest.raises(CheckpointError, match=r"1 of \d+ tensors.*net\.head\.fc_8\.bias"):
            read(tmp_path / "nan.ckpt")


@pytest.mark.parametrize("momentum", [0.0, 2.0, -1.0])
def test_running_statistics_that_cannot_follow_are_told(quiet_trainer, loader, momentum):
    module = InceptionV3Module(10, width=0.1, recipe="quick")
    next(m for m in module.modules() if isinstance(m, nn.BatchNorm2d)).momentum = momentum
    with pytest.raises(ValueError, match=rf"norm has momentum={momentum}.*FreezeBatchNorm"):
        quiet_trainer().fit(module, loader(size=75))


# Files of other runs


def photos(folder, classes):
    for name in classes:
        for i in range(6):
            (folder / name).mkdir(parents=True, exist_ok=True)
            pixels = torch.randint(256, (70, 70, 3), dtype=torch.uint8).numpy()
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return ImageFolderDataModule(
        folder, image_size=64, batch_size=4, val_fraction=0.3, test_fraction=0.3
    )


def test_classes_are_compared_by_name_wherever_a_checkpoint_meets_data(quiet_trainer, tmp_path):
    trainer = quiet_trainer()
    trainer.fit(AlexNetModule(3, **TINY), photos(tmp_path / "abc", "abc"))
    trainer.save_checkpoint(tmp_path / "abc.ckpt")
    other = photos(tmp_path / "bxy", "bxy")
    said = "has learned the classes a, b, c.*has b, x, y"
    for action in ("fit", "validate", "test"):
        with pytest.raises(ValueError, match=said):
            getattr(quiet_trainer(max_epochs=2), action)(
                AlexNetModule(3, **TINY), datamodule=other, ckpt_path=tmp_path / "abc.ckpt"
            )
    with pytest.raises(ValueError, match=said):
        quiet_trainer().test(load(tmp_path / "abc.ckpt"), other)
    quiet_trainer().fit(load(tmp_path / "abc.ckpt"), other)  # learns the new ones: no mistake


class SavesEpoch(Callback):
    def __init__(self, path):
        self.path = path

    def on_train_epoch_end(self, trainer, pl_module):
        if trainer.current_epoch == 0:
            trainer.save_checkpoint(self.path)


@pytest.fixture
def first_run(quiet_trainer, tmp_path):
    """The checkpoint of the first epoch of two."""
    path = tmp_path / "first.ckpt"
    trainer = quiet_trainer(max_epochs=2, callbacks=[SavesEpoch(path), LabelSmoothing(0.1)])
    trainer.fit(AlexNetModule(10, **TINY), data())
    trainer.save_checkpoint(tmp_path / "ended.ckpt")
    return path


def data(**options):
    sizes = dict(train_size=8, val_size=4, test_size=4, batch_size=4)
    return PartsWorldDataModule(64, **sizes | options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(width=0.125), "has width=0.0625, this module width=0.125"),
        (dict(variant="2014"), "variant='2012', this module variant='2014'"),
        (dict(recipe="paper"), "trained by adamw with one_cycle.*asks for sgd with plateau"),
    ],
)
def test_resuming_with_what_cannot_go_on_is_one_line(quiet_trainer, first_run, options, said):
    with pytest.raises(ValueError, match=said) as told:
        quiet_trainer(max_epochs=2).fit(
            AlexNetModule(10, **TINY | options), data(), ckpt_path=first_run
        )
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("options", "sizes", "said"),
    [
        (dict(lr=0.25), {}, r"has lr=0\.0005.*asks for lr=0\.25"),
        ({}, dict(batch_size=2), "batch_size=4.*batch_size=2"),
        ({}, dict(train_size=12), "training images=8.*training images=12"),
    ],
)
def test_resuming_with_other_numbers_says_which(quiet_trainer, first_run, options, sizes, said):
    module = AlexNetModule(10, **TINY | options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer = quiet_trainer(max_epochs=2, callbacks=[LabelSmoothing(0.1)])
        trainer.fit(module, data(**sizes), ckpt_path=first_run)
    lines = [str(w.message) for w in caught if "Resuming with other options" in str(w.message)]
    assert len(lines) == 1
    assert re.search(said, lines[0])


def test_resuming_what_has_ended_or_was_frozen_or_smoothed_is_told(
    quiet_trainer, first_run, tmp_path
):
    longer = quiet_trainer(max_epochs=4)
    with pytest.raises(ValueError, match=r"one_cycle.*ended at a learning rate of 0"):
        longer.fit(AlexNetModule(10, **TINY), data(), ckpt_path=tmp_path / "ended.ckpt")
    module = AlexNetModule(10, **TINY)
    module.net.trunk[0].requires_grad_(False)
    with pytest.raises(ValueError, match=r"trains 16 tensors, this run 14.*frozen"):
        quiet_trainer(max_epochs=2).fit(module, data(), ckpt_path=first_run)
    trainer = quiet_trainer(max_epochs=2, callbacks=[LabelSmoothing(0.3)])
    with pytest.warns(
        UserWarning, match=r"LabelSmoothing.epsilon=0\.1.*LabelSmoothing.epsilon=0\.3"
    ):
        trainer.fit(AlexNetModule(10, **TINY), data(), ckpt_path=first_run)
    with pytest.raises(ValueError, match=r"has num_classes=10, this module num_classes=5"):
        AlexNetModule.load_from_checkpoint(first_run, num_classes=5)


def test_a_checkpoint_of_a_compiled_network_loads(quiet_trainer, loader, tmp_path):
    module = AlexNetModule(10, **TINY)
    module.net = torch.compile(module.net, backend="eager")
    trainer = quiet_trainer(fast_dev_run=1)
    trainer.fit(module, loader())
    trainer.save_checkpoint(tmp_path / "compiled.ckpt")
    again = load(tmp_path / "compiled.ckpt").eval()
    images = torch.randn(2, 3, 64, 64)
    assert torch.allclose(again(images), module.eval()(images), atol=1e-6)


def test_bare_weights_in_place_of_a_checkpoint_are_told(tmp_path):
    torch.save(AlexNet(10, width=0.0625).state_dict(), tmp_path / "w.ckpt")
    with pytest.raises(CheckpointError, match=r"no state_dict.*load_weights"):
        AlexNetModule.load_from_checkpoint(tmp_path / "w.ckpt")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(gradient_clip_val=-1), "gradient_clip_val=-1"),
        (dict(accumulate_grad_batches=0), "accumulate_grad_batches=0"),
        (dict(callbacks=[LabelSmoothing(0.1), LabelSmoothing(0.3)]), "2 callbacks LabelSmoothing"),
    ],
)
def test_what_a_trainer_takes_without_a_look_is_refused(quiet_trainer, loader, options, said):
    with pytest.raises(ValueError, match=said):
        quiet_trainer(**options).fit(AlexNetModule(10, **TINY), loader())


@pytest.mark.filterwarnings("ignore:.*Total length of .* is zero")
def test_a_loader_without_a_batch_is_no_training(quiet_trainer, loader):
    module = AlexNetModule(10, width=0.0625, recipe="paper")
    with pytest.raises(ValueError, match="no batch to learn from"):
        quiet_trainer().fit(module, loader(images=2, batch_size=4, drop_last=True))
