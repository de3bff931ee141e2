"""EpochOrder: order and random changes are functions of seed, epoch and index."""

import pickle

import pytest
import torch
from torch.utils.data import DataLoader

from lecture_nets.data import PartsWorldDataModule
from lecture_nets.data.order import Draw, EpochOrder, Repeatable, mixed


def data(**options):
    module = PartsWorldDataModule(image_size=32, batch_size=4, train_size=18, **options)
    module.setup("fit")
    return module


def passes(loader, epochs):
    batches = []
    for epoch in epochs:
        loader.sampler.set_epoch(epoch)
        batches += [(images.clone(), labels.tolist()) for images, labels in loader]
    return batches


def equal(one, other):
    return len(one) == len(other) and all(
        labels == labels_too and torch.equal(images, images_too)
        for (images, labels), (images_too, labels_too) in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_loader_processes_and_their_number_change_nothing(workers):
    torch.manual_seed(7)
    one = passes(data().train_dataloader(), range(2))
    torch.manual_seed(7)
    assert equal(passes(data(num_workers=workers).train_dataloader(), range(2)), one)


def test_every_epoch_and_every_seed_has_its_own_order_and_changes():
    torch.manual_seed(7)
    loader = data().train_dataloader()
    zero, one = passes(loader, [0]), passes(loader, [1])
    assert [labels for _, labels in zero] != [labels for _, labels in one]
    assert equal(passes(loader, [0]), zero)  # whatever was drawn in between
    torch.manual_seed(8)
    assert not equal(passes(data().train_dataloader(), [0]), zero)


def test_a_loop_that_sets_no_epoch_still_sees_a_new_order_each_time():
    order = EpochOrder(range(20), seed=0)  # pyright: ignore[reportArgumentType]
    assert [list(order), list(order)] == [
        [int(draw) for draw in passed] for passed in passes_of_indices(0, [0, 1])
    ]
    assert list(order) != passes_of_indices(0, [0])[0]


def passes_of_indices(seed, epochs):
    order = EpochOrder(range(20), seed=seed)  # pyright: ignore[reportArgumentType]
    found = []
    for epoch in epochs:
        order.set_epoch(epoch)
        found.append(list(order))
    return found


def test_skip_passes_over_the_first_samples_of_the_next_pass_alone():
    order = EpochOrder(range(20), seed=0)  # pyright: ignore[reportArgumentType]
    whole = list(order)
    for expected in (whole[7:], whole):
        order.set_epoch(0)
        order.skip(7 if expected is not whole else 0)
        assert list(order) == expected
        assert [draw.seed for draw in whole[-3:]] == [draw.seed for draw in expected[-3:]]
    assert len(order) == 20  # what Lightning counts on


def test_processes_share_the_samples_and_make_the_same_changes(monkeypatch):
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setenv("PL_GLOBAL_SEED", "5")
    shares = []
    for rank in range(2):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        shares.append(list(EpochOrder(range(11))))  # pyright: ignore[reportArgumentType]
    assert len(shares[0]) == len(shares[1]) == 6
    assert {*shares[0], *shares[1]} == set(range(11))
    together = {int(draw): draw.seed for share in shares for draw in share}
    monkeypatch.undo()
    alone = {int(draw): draw.seed for draw in EpochOrder(range(11), seed=5)}  # pyright: ignore
    assert together == alone


def test_a_draw_is_its_index_and_survives_the_way_to_a_loader_process():
    draw = pickle.loads(pickle.dumps(Draw(3, 99)))
    assert (draw, draw.seed, [10, 11, 12, 13][draw]) == (3, 99, 13)


def test_random_changes_leave_the_callers_random_numbers_alone():
    class Noise:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return torch.rand(())

    noise = Repeatable(Noise())
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    first, _, again = noise[Draw(0, 5)], noise[Draw(0, 6)], noise[Draw(0, 5)]
    assert torch.equal(torch.rand(2), expected)
    assert first == again
    assert noise[0] != noise[0]  # a plain index draws as ever


def test_seeds_and_epochs_do_not_meet():
    assert len({mixed(seed, epoch) for seed in range(50) for epoch in range(50)}) == 2500


def test_several_passes_in_a_plain_loader_need_no_epoch():
    numbers = list(range(6))
    loader = DataLoader(numbers, sampler=EpochOrder(numbers, seed=0), batch_size=3)  # pyright: ignore
    assert torch.cat(list(loader)).tolist() != torch.cat(list(loader)).tolist()
