"""Modules in files: written and read back with everything that belongs to their weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule
from PIL import Image
from torch import Tensor, nn

from lecture_nets.callbacks.replay import follow, replay
from lecture_nets.checkpoints import CheckpointError, non_finite_keys, read_checkpoint
from lecture_nets.data.base import normalize
from lecture_nets.data.transforms import eval_transform
from lecture_nets.training import pretrained
from lecture_nets.training.agreement import differences, misfit

COMPILED = "_orig_mod."


class PortableModule(LightningModule):
    """A LightningModule around a network, of which every file says how to rebuild and to use it.

    Attributes:
        net: the network.
        data_facts: what it learned from, in plain values: class names, image size, mean, std.
        alterations: structure callbacks applied so far, in order.
    """

    net: nn.Module
    alterations: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.data_facts: dict[str, Any] = {}
        self.recorded_options: dict[str, Any] = {}  # of the checkpoint that is being loaded

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["lecture_nets"] = {
            "module": type(self).__name__,
            "data": self.data_facts,
            "alterations": list(self.alterations),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.check_is_mine(checkpoint)
        self.check_finite(checkpoint.get("state_dict", {}))
        record = checkpoint.get("lecture_nets", {})
        replay(self, record.get("alterations", []))
        self.data_facts = record.get("data", {})
        self.recorded_options = dict(checkpoint.get("hyper_parameters", {}))

    def check_finite(self, state_dict: Mapping[str, Any]) -> None:
        """The weights of a file are numbers; buffers may be infinite by design, such as masks.

        Raises:
            CheckpointError: they are not; names the first.
        """
        learned = {name for name, _ in self.named_parameters()}
        bad = [
            name
            for name in non_finite_keys(state_dict)
            if name in learned or state_dict[name].isnan().any()
        ]
        if bad:
            raise CheckpointError(
                f"{len(bad)} of {len(state_dict)} tensors of this checkpoint are NaN or infinite, "
                f"first {bad[0]}. Cure: take an earlier one."
            )

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        if not strict:
            follow(self, state_dict)
        # `torch.compile(module.net)` names every tensor after its wrapper.
        if not any(COMPILED in name for name in self.state_dict(keep_vars=True)):
            state_dict = {name.replace(COMPILED, ""): x for name, x in state_dict.items()}
        try:
            return super().load_state_dict(state_dict, strict=strict, assign=assign)
        except RuntimeError as error:
            if changed := differences(self.recorded_options, self.hparams):
                raise misfit(changed) from error
            raise

    @classmethod
    def check_is_mine(cls, checkpoint: dict[str, Any]) -> None:
        """A `ValueError` where ``checkpoint`` was written by a class that this one is not."""
        writer = checkpoint.get("lecture_nets", {}).get("module")
        if writer and writer not in (ancestor.__name__ for ancestor in cls.__mro__):
            raise ValueError(
                f"This checkpoint was written by {writer}, not by {cls.__name__}. "
                f"Load it with {writer}.load_from_checkpoint(...), or with lecture_nets.load(...)."
            )

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **options: Any) -> Any:
        recorded: dict[str, Any] = {}
        # Before the constructor runs: with another class's arguments it would fail unclearly. What
        # is no local file, an address or an open file, is checked once it is loaded.
        if isinstance(checkpoint_path, str | Path) and "://" not in str(checkpoint_path):
            checkpoint = read_checkpoint(checkpoint_path, map_location="meta")
            if "state_dict" not in checkpoint:
                raise CheckpointError(
                    f"{checkpoint_path} is no checkpoint of a Trainer: it has no state_dict, but "
                    f"{', '.join(map(str, list(checkpoint)[:3])) or 'nothing'}. Cure: bare weights "
                    "are loaded by lecture_nets.weights.load_weights(module.net, weights)."
                )
            cls.check_is_mine(checkpoint)
            recorded = checkpoint.get("hyper_parameters", {})
        try:
            return super().load_from_checkpoint(checkpoint_path, *args, **options)
        except RuntimeError as error:
            if changed := differences(recorded, options):
                raise misfit(changed) from error
            raise

    @classmethod
    def from_pretrained(cls, source: str | Path, **options: Any) -> Any:
        """A module with trained weights, and the facts of how images were prepared for them.

        Example::

            module = InceptionV3Module.from_pretrained("torchvision", num_classes=10)

        Args:
            source: ``"torchvision"``; ``"timm"`` or, for one of its tags, a name such as
                ``"timm/inception_v3.tv_in1k"``; ``"parts_world"``, for a small `AlexNetModule` or
                `InceptionV3Module` that learned the embedded images and comes with the package;
                or a folder that `save_pretrained` wrote.
            options: of the constructor. Another ``num_classes`` keeps all but the last layers.

        Raises:
            ValueError: nobody publishes weights for this network; or they do not fit.
            ConnectionError: no network; says where to put the file yourself.
            CheckpointError: a file is damaged or not the published one.
        """
        return pretrained.from_pretrained(cls, source, options)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``model.safetensors``: weights, options, classes, versions, and all or nothing.

        ``card.json`` beside it is a copy of the words for readers.

        Raises:
            ValueError: there are NaN or infinite values among the weights.
            OSError: it cannot be written; what was there before is whole.
            CheckpointError: an option is no plain value.
        """
        pretrained.save_pretrained(self, folder)

    def preprocess(self, image: Image.Image) -> Tensor:
        """RGB image of any size -> (3, S, S), prepared as the images of training were.

        Raises:
            ValueError: the module has not been fitted to a data module, nor been loaded.
        """
        facts = self.data_facts
        if not facts.keys() >= {"image_size", "mean", "std"}:
            raise ValueError(
                f"{type(self).__name__} does not know how its images were prepared: it was trained "
                "on loaders, not on a data module. Prepare them as you did for training."
            )
        steps = {key: facts[key] for key in ("resize", "interpolation") if key in facts}
        pixels = eval_transform(facts["image_size"], **steps)(image)
        return normalize(pixels[None], facts["mean"], facts["std"])[0]
