"""Options of modules: the network's pass through, recorded, documented, and refused by name."""

import inspect

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

import lecture_nets
from lecture_nets import cli
from lecture_nets.callbacks import AuxiliaryBatchNorm
from lecture_nets.checkpoints import write_checkpoint
from lecture_nets.nets import NETS
from lecture_nets.training import MODULES, GoogLeNetModule, InceptionV3Module

OWN = {"num_classes", "aux_weight", "recipe", "lr"}


def options_of(name: str) -> dict:
    parameters = inspect.signature(MODULES[name].network).parameters
    return {key: option.default for key, option in parameters.items() if key != "num_classes"}


@pytest.mark.parametrize("name", MODULES)
def test_hyperparameters_are_all_options_as_plain_values(name):
    recorded = MODULES[name](4, width=0.1).hparams
    assert dict(recorded).keys() == OWN | options_of(name).keys()
    assert recorded["num_classes"] == 4
    assert {key: recorded[key] for key in options_of(name)} == options_of(name) | {"width": 0.1}
    assert all(x is None or isinstance(x, bool | int | float | str) for x in recorded.values())


@pytest.mark.parametrize("name", [name for name in MODULES if "aux_heads" in options_of(name)])
def test_a_network_without_its_auxiliary_heads(name):
    module = MODULES[name](width=0.1, aux_heads=False)
    assert len(module.net.aux_heads) == 0
    assert module.hparams["aux_heads"] is False


def test_every_option_reaches_the_network():
    module = InceptionV3Module(5, width=0.1, in_channels=1, resolution=79, aux_batch_norm=False)
    names = dict(num_classes=5, width=0.1, in_channels=1, resolution=79, aux_batch_norm=False)
    torch.manual_seed(1)
    expected = NETS["inception_v3"](**names).state_dict()
    assert {k: x.shape for k, x in module.net.state_dict().items()} == {
        k: x.shape for k, x in expected.items()
    }
    module.eval()(torch.zeros(1, 1, 79, 79))


@pytest.mark.parametrize("name", MODULES)
def test_an_unknown_option_is_refused_with_those_there_are(name, monkeypatch):
    monkeypatch.setattr(MODULES[name], "network", staticmethod(NETS["alexnet"]))
    with pytest.raises(TypeError, match=rf"option of {name} 'widht'.*mean width.*lr.*in_channels"):
        MODULES[name](widht=0.1)


def test_a_structure_callback_is_recorded_where_its_option_was_left_out():
    module = GoogLeNetModule(width=0.1)
    AuxiliaryBatchNorm().apply(module)
    assert module.hparams["aux_batch_norm"] is True


def test_a_subclass_inherits_network_and_options():
    class Mine(InceptionV3Module):
        pass

    module = Mine(width=0.1, resolution=79)
    assert module.hparams["resolution"] == 79
    assert module.recipes is not None
    assert set(module.recipes) == {"paper", "quick"}


# Files


@pytest.fixture
def checkpoint(quiet_trainer, loader, tmp_path):
    def write(module) -> dict:
        trainer = quiet_trainer(enable_checkpointing=True, callbacks=[ModelCheckpoint(tmp_path)])
        trainer.fit(module, loader(size=75))
        path = trainer.checkpoint_callback.best_model_path
        return path, torch.load(path, weights_only=True)

    return write


def test_options_come_back(checkpoint):
    path, _ = checkpoint(GoogLeNetModule(width=0.1, batch_norm=True, aux_heads=False))
    again = lecture_nets.load(path)
    assert again.hparams["batch_norm"] is True
    assert len(again.net.aux_heads) == 0


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        # As versions before wrote them: without `aux_heads`, with a weight of no heads.
        ("AlexNetModule", dict(num_classes=10, aux_weight=0.0, recipe="quick", lr=None, width=0.1,
                               in_channels=3, variant="2014")),
        ("InceptionV3Module", dict(num_classes=10, aux_weight=0.4, recipe=None, lr=0.01, width=0.1,
                                   in_channels=3, resolution=79, aux_batch_norm=True,
                                   count_include_pad=True)),
    ],
)  # fmt: skip
def test_checkpoints_of_earlier_versions_load(name, recorded, checkpoint):
    options = {key: recorded[key] for key in ("variant", "resolution") if key in recorded}
    path, content = checkpoint(MODULES[name](width=0.1, recipe="quick", **options))
    write_checkpoint(content | {"hyper_parameters": recorded}, path)
    again = MODULES[name].load_from_checkpoint(path)
    assert {key: again.hparams[key] for key in recorded} == recorded


# The shell


@pytest.mark.parametrize("name", MODULES)
def test_the_shell_explains_every_option(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["fit", "--model.help", name])
    assert not stop.value.code
    text = " ".join(capsys.readouterr().out.split())
    for option in options_of(name).keys() | OWN - {"num_classes"}:
        assert f"--model.{option} " in text
    assert "scales" in text.partition("--model.width WIDTH ")[2][:60]  # the network's own words
    assert "number of classes" in text


def test_the_shell_prints_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit):
        cli.main(["fit", "--model", "InceptionV3Module", "--print_config"])
    text = capsys.readouterr().out
    for option, default in options_of("InceptionV3Module").items():
        assert f"    {option}: {str(default).lower()}\n" in text
