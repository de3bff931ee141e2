"""The order of samples and their random draws: functions of seed, epoch and index."""

import os
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, DistributedSampler


class Draw(int):
    """The index of a sample, and the seed of what is done to it at random this time."""

    seed: int

    def __new__(cls, index: int, seed: int) -> "Draw":
        draw = super().__new__(cls, index)
        draw.seed = seed
        return draw

    def __reduce__(self) -> tuple[Any, ...]:  # on its way to a loader process
        return Draw, (int(self), self.seed)


class EpochOrder(DistributedSampler):
    """A new order in every epoch, the same for any number of processes and of loader processes.

    So a run goes on exactly where it stopped: nothing has to be saved but seed and position, and
    `skip` passes over what was seen without reading it. Each process of several takes its share.
    Lightning calls ``set_epoch``; in a loop without it, each pass is the next epoch.

    Args:
        dataset: what to draw from; its length counts.
        seed: of all epochs; the run's if left out.
    """

    def __init__(self, dataset: Dataset, seed: int | None = None) -> None:
        several = torch.distributed.is_available() and torch.distributed.is_initialized()
        if seed is None:
            # One seed for all processes; `seed_everything` leaves it in the environment.
            shared = int(os.environ.get("PL_GLOBAL_SEED", 0))
            seed = shared if several else torch.initial_seed()
        replicas = torch.distributed.get_world_size() if several else 1
        rank = torch.distributed.get_rank() if several else 0
        super().__init__(dataset, replicas, rank, shuffle=True, seed=seed)
        self._skip = 0

    def skip(self, samples: int) -> None:
        """Begin the next pass behind the first ``samples`` of this process."""
        self._skip = samples

    def __iter__(self) -> Iterator[Draw]:
        epoch, first = self.epoch, self._skip
        self.epoch, self._skip = epoch + 1, 0
        size = len(self.dataset)  # pyright: ignore[reportArgumentType]
        chance = torch.Generator().manual_seed(mixed(self.seed, epoch))
        order = torch.randperm(size, generator=chance)
        seeds = torch.randint(2**62, (size,), generator=chance)
        if self.total_size > size:  # as many for every process: some come twice
            order = order.repeat(-(-self.total_size // size))[: self.total_size]
        mine: Tensor = order[self.rank :: self.num_replicas][first:]
        for index, seed in zip(mine.tolist(), seeds[mine].tolist(), strict=True):
            yield Draw(index, seed)


class Repeatable(Dataset):
    """A data set whose random changes to a sample come from the seed that a `Draw` brings.

    Other indices, and what a data set knows besides its samples, are passed through.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        if not isinstance(index, Draw):
            return self.dataset[index]
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(
            index.seed
        )  # `torch.manual_seed` takes 50 times as long
        try:
            return self.dataset[int(index)]
        finally:
            torch.set_rng_state(before)


def mixed(seed: int, epoch: int) -> int:
    """One seed of two numbers, far from that of the neighboring epoch or seed."""
    return (seed * 0x9E3779B97F4A7C15 + epoch * 0xBF58476D1CE4E5B9 + 1) % 2**63
