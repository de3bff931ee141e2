"""Checks of a batch before a network learns from it; one clear line where one fails."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn
from torch.utils.data import DataLoader

from lecture_nets.nets.meta import meta_copy


def check_labels(labels: Tensor, num_classes: int) -> Tensor:
    """Labels that a criterion can take: class indices (N,) or soft labels (N, num_classes).

    Returns:
        Class indices as 64-bit integers; soft labels, such as mixup and CutMix make, as they are.

    Raises:
        ValueError: they are neither; names found, allowed and cure.
    """
    found = f"Labels are {labels.dtype} of shape {tuple(labels.shape)}"
    if labels.is_floating_point():
        if labels.ndim == 2 and labels.shape[1] == num_classes:
            return labels
        raise ValueError(
            f"{found}; soft labels are floats of shape (N, {num_classes}), a share for each of the "
            f"num_classes={num_classes} classes. For class indices: labels.long()."
        )
    if labels.ndim != 1:
        raise ValueError(
            f"{found}; class indices are integers of shape (N,), soft labels floats of shape "
            f"(N, {num_classes}). For one-hot labels: labels.argmax(dim=1) or labels.float()."
        )
    lowest, highest = labels.aminmax()
    if lowest < 0 or highest >= num_classes:
        raise ValueError(
            f"A batch holds labels from {lowest} to {highest}; the network has "
            f"num_classes={num_classes}, so 0 to {num_classes - 1} are allowed. Build the network "
            f"with num_classes={int(highest) + 1} or more, or correct the labels."
        )
    return labels.long()


def hard_labels(labels: Tensor) -> Tensor:
    """Class indices (N,), of soft labels (N, K) the class with the largest share."""
    return labels.argmax(dim=1) if labels.is_floating_point() else labels.long()


def check_num_classes(module: str, num_classes: int, data: str, data_classes: int) -> None:
    """The network and the data agree, or a `ValueError` with both numbers."""
    if num_classes != data_classes:
        raise ValueError(
            f"{module} has num_classes={num_classes}, but {data} has {data_classes} classes. "
            f"Build {module}(num_classes={data_classes})."
        )


def check_class_names(module: str, learned: Sequence[str] | None, data: str, names: Any) -> None:
    """The classes that a module has learned are those of the data, in this order.

    Raises:
        ValueError: they are others; lists both.
    """
    if learned and names and list(learned) != list(names):
        raise ValueError(
            f"{module} has learned the classes {', '.join(learned)}; {data} has "
            f"{', '.join(names)}. Its answers would be counted under the wrong names. Give it the "
            "classes it has learned, or fit it to the new ones first, without ckpt_path."
        )


def check_same_everywhere(names: Any) -> None:
    """All processes read data of the same classes.

    Raises:
        ValueError: they do not; names the processes and their classes.
    """
    lists: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(lists, list(names))
    if any(found != lists[0] for found in lists):
        found = "; ".join(f"process {rank}: {', '.join(each)}" for rank, each in enumerate(lists))
        raise ValueError(
            f"The processes read data of different classes: {found}. Give each the same folder."
        )


def check_logits(logits: object, images: Tensor, num_classes: int, network: str) -> None:
    """The network gives one number for each image and class.

    Raises:
        TypeError: it gives something else than a tensor.
        ValueError: the tensor has another shape.
    """
    wanted = (len(images), num_classes)
    if not isinstance(logits, Tensor):
        raise TypeError(
            f"{network} returns {type(logits).__name__}; needed is one tensor of logits {wanted}. "
            "Switch auxiliary outputs off (torchvision: aux_logits=False), or wrap the network."
        )
    if tuple(logits.shape) != wanted:
        raise ValueError(
            f"{network} returns logits {tuple(logits.shape)} for images {tuple(images.shape)}; "
            f"needed is {wanted}: num_classes={num_classes}. Give ImageClassifier the number of "
            "classes that the network has."
        )


def check_trainer(trainer: Any) -> None:
    """Numbers that a Trainer takes without a look.

    Raises:
        ValueError: names the option, what was given and what is allowed.
    """
    if trainer.accumulate_grad_batches < 1:
        raise ValueError(
            f"Trainer(accumulate_grad_batches={trainer.accumulate_grad_batches}): 1 or more."
        )
    if trainer.gradient_clip_val is not None and not trainer.gradient_clip_val >= 0:
        raise ValueError(f"Trainer(gradient_clip_val={trainer.gradient_clip_val}): 0 or more.")


def check_momentum(net: nn.Module) -> None:
    """The running statistics of every batch norm move, and toward the batch.

    Raises:
        ValueError: a momentum is not above 0 and at most 1; names the layer.
    """
    for name, norm in net.named_modules():
        momentum = getattr(norm, "momentum", None)
        moves = momentum is None or 0 < momentum <= 1
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and not moves:
            raise ValueError(
                f"{name} has momentum={momentum}; above 0 and at most 1 is allowed (0.1 is "
                "PyTorch's). To keep its statistics as they are, use FreezeBatchNorm()."
            )


def number(owner: str, name: str, value: Any, lowest: float, *, zero: bool) -> float:
    """An option as a plain number.

    Raises:
        ValueError: it is none, not finite, or too low.
    """
    value = plain(value)
    real = isinstance(value, int | float) and not isinstance(value, bool)
    if not real or not lowest <= value < float("inf") or (value == 0 and not zero):
        allowed = f"a number {'from' if zero else 'above'} {lowest:g}"
        raise ValueError(f"{owner}({name}={value!r}): {allowed} is needed.")
    return value


def plain(value: Any) -> Any:
    """NumPy's and torch's single numbers as Python's, which a checkpoint can hold."""
    single = hasattr(value, "item") and getattr(value, "ndim", None) == 0
    return value.item() if single else value


SINGLE_IMAGE = "Expected more than 1 value per channel"  # PyTorch's words for it


def single_image_error(network: str) -> ValueError:
    return ValueError(
        f"{network} cannot train on a batch of one image here: a batch norm on a 1x1 map has a "
        "single value to normalize. Use batches of at least two, DataLoader(drop_last=True) where "
        "one image is left over, larger images, or a network built with aux_heads=False."
    )


def left_over_image(loader: object) -> Tensor | None:
    """An image (1, C, H, W) where epochs of ``loader`` end with a batch of one, else ``None``."""
    if not isinstance(loader, DataLoader) or loader.batch_size is None or loader.drop_last:
        return None
    try:
        # The sampler's length: of several processes each has a share of the data.
        if len(loader.sampler) % loader.batch_size != 1:  # pyright: ignore[reportArgumentType]
            return None
        with isolate_rng():  # a look must not change what is drawn next
            image = loader.dataset[0][0]
    except (TypeError, KeyError):  # a stream has no length; others' samples may have no order
        return None
    return image[None] if isinstance(image, Tensor) else None


def can_train_on_one_image(net: nn.Module, image: Tensor) -> bool:
    """Whether a training pass of a copy of ``net`` accepts ``image`` (1, C, H, W) alone."""
    trial = meta_copy(net).train()
    forward = getattr(trial, "forward_with_aux", trial)
    try:
        forward(image.to("meta"))
    except ValueError as error:
        return SINGLE_IMAGE not in str(error)
    return True
