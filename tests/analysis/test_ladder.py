"""A ladder of networks: what a rung says, and that all networks get the same chance."""

import pytest

from lecture_nets import AlexNetModule, PartsWorldDataModule, ShallowSVMModule
from lecture_nets.analysis import cost
from lecture_nets.analysis.ladder import Rung, ladder


@pytest.fixture
def data() -> PartsWorldDataModule:
    return PartsWorldDataModule(image_size=64, batch_size=8, train_size=24, test_size=20)


def small_modules() -> list:
    return [ShallowSVMModule(width=0.1), AlexNetModule(width=0.1)]


def test_a_rung_holds_the_cost_of_the_network_and_its_errors(data):
    module = AlexNetModule(width=0.1)
    (rung,) = ladder([module], data, epochs=1)
    sheet = cost(module.net, 64)
    assert (rung.name, rung.depth, rung.parameters) == ("AlexNet", 8, sheet.parameters)
    assert rung.seconds > 0
    net = module.net.eval()
    wrong = [net(images).argmax(1) != labels for images, labels in data.test_dataloader()]
    assert rung.wrong == sum(batch.sum().item() for batch in wrong)
    assert rung.test_images == 20


def test_error_is_the_share_of_wrong_images():
    rung = Rung("AlexNet", depth=8, parameters=1, test_images=20, wrong=5, seconds=1.0)
    assert rung.test_error == 0.25


def test_all_train_for_the_same_epochs(data):
    modules = small_modules()
    ladder(modules, data, epochs=2)
    assert [module.trainer.global_step for module in modules] == [2 * 24 // 8] * 2


def test_images_come_in_an_order_that_no_earlier_module_changes(data):
    seen = []

    def note(module, args):
        if module.training:
            seen.append(args[0].sum().item())

    for modules in (small_modules()[1:], small_modules()):
        modules[-1].net.register_forward_pre_hook(note)
        ladder(modules, data, epochs=1)
    alone, after_another = seen[: len(seen) // 2], seen[len(seen) // 2 :]
    assert len(alone) == 3
    assert alone == after_another


def test_nothing_is_printed_or_written(data, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    ladder([ShallowSVMModule(width=0.1)], data, epochs=1)
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr().out == ""


def test_images_that_are_too_small_are_refused_before_training():
    data = PartsWorldDataModule(image_size=32, train_size=4, test_size=4)
    with pytest.raises(ValueError, match="AlexNet"):
        ladder([AlexNetModule(width=0.1)], data, epochs=1)
