"""Any network as a LightningModule that trains safely."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, cast

import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import StochasticWeightAveraging, WeightAveraging
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.combined_loader import CombinedLoader
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from lecture_nets.callbacks.structure import StructureCallback
from lecture_nets.checkpoints import SafeCheckpointIO, check_loadable, use_safe_files
from lecture_nets.names import choose
from lecture_nets.training import agreement, checks, embedded, optimization
from lecture_nets.training.exact_resume import ExactResume
from lecture_nets.training.finite_guard import FiniteGuard, check_finite_logits
from lecture_nets.training.persistence import PortableModule
from lecture_nets.training.recipes import Recipe, recipes_of
from lecture_nets.training.stop_on_signal import StopOnSignal


class NoLoaders(CombinedLoader):
    """No validation at all. In place of an empty list, which Lightning takes for a mistake."""

    def __init__(self) -> None:
        super().__init__([])

    @property
    def flattened(self) -> list[Any]:
        return []

    @flattened.setter
    def flattened(self, flattened: list[Any]) -> None:
        assert not flattened


class ImageClassifier(PortableModule):
    """Any network as a LightningModule: images (N, C, H, W) -> logits (N, num_classes).

    The loss of a training step is ``criterion(logits) + aux_weight · Σ criterion(auxiliary head)``.
    Logged are ``train_loss, train_acc, val_loss, val_acc, test_loss, test_acc`` and, with more than
    five classes, ``val_top5`` and ``test_top5``; validation and test look at the main logits only.

    Given no data, it trains on the embedded images (`PartsWorldDataModule`) and says so. Given a
    loader of your own, it never touches them. Given no ``max_epochs`` (Lightning then sets 1000,
    so 1000 counts as none), it ends after the recipe's epochs.

    Args:
        net: the network. One with auxiliary heads has ``aux_heads`` and ``forward_with_aux``.
        num_classes: number of classes; needed where ``net.num_classes`` does not say.
        aux_weight: weight of each auxiliary head's loss.
        recipe: how it learns: ``"paper"``, ``"quick"`` for minutes on a small machine, or a
            `Recipe` of your own. Left out: ``"quick"`` on the embedded images, else ``"paper"``.
            The names are those of the network's class, an ancestor, or its attribute ``recipes``.
        lr: in place of the recipe's learning rate.
        criterion: loss of logits (N, num_classes) and labels, which are class indices (N,) or soft
            labels (N, num_classes), such as mixup and CutMix make; cross-entropy if left out.

    Raises:
        ValueError: fewer than two classes; an unknown recipe; at the start of a fit, data of
            another number of classes; at the first batch, labels or images it cannot take.
    """

    def __init__(
        self,
        net: nn.Module,
        *,
        num_classes: int | None = None,
        aux_weight: float = 0.0,
        recipe: str | Recipe | None = None,
        lr: float | None = None,
        criterion: nn.Module | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        aux_weight = checks.number(name, "aux_weight", aux_weight, 0, zero=True)
        lr = None if lr is None else checks.number(name, "lr", lr, 0, zero=False)
        self.save_hyperparameters(ignore=["net", "criterion"])
        # Those of subclasses too: a checkpoint with NumPy's numbers could not be loaded again.
        self.save_hyperparameters({key: checks.plain(x) for key, x in self.hparams.items()})
        if isinstance(recipe, Mapping):  # as a checkpoint has it
            recipe = Recipe(**cast(Any, recipe))
        if isinstance(recipe, Recipe):
            self.save_hyperparameters({"recipe": asdict(recipe)})
        num_classes = checks.plain(num_classes or getattr(net, "num_classes", 0))
        if not isinstance(num_classes, int) or num_classes < 2:
            raise ValueError(f"{name}(num_classes={num_classes!r}): at least 2 are needed.")
        self.net = net
        self.num_classes = num_classes
        self.aux_weight = aux_weight
        self.resumed: dict[str, Any] = {}  # how the run of a checkpoint was, until training starts
        self.recipes = recipes_of(net)
        if isinstance(recipe, str):
            recipe = choose(f"recipe of {type(self).__name__}", recipe, self.recipes)
        self.chosen_recipe = recipe
        self.lr = lr
        self.criterion = criterion or nn.CrossEntropyLoss()
        if getattr(self.criterion, "label_smoothing", 0):
            raise ValueError(
                f"{type(self).__name__}(criterion=...): its label_smoothing would reach the "
                "validation loss too. Pass the callback LabelSmoothing(epsilon) to the Trainer."
            )
        accuracy = partial(MulticlassAccuracy, num_classes, average="micro")
        self.train_metrics = MetricCollection({"acc": accuracy()}, prefix="train_")
        self.val_metrics = self.train_metrics.clone(prefix="val_")
        if num_classes > 5:
            self.val_metrics.add_metrics({"top5": accuracy(top_k=5)})
        self.test_metrics = self.val_metrics.clone(prefix="test_")

    # What it learns from, and how

    @property
    def recipe(self) -> Recipe:
        """The recipe in force, once a Trainer has said what the module learns from."""
        if self.chosen_recipe is not None:
            return self.chosen_recipe
        trainer = self._trainer  # `self.trainer` raises where there is none yet
        quick = trainer is not None and embedded.learns_from_embedded_images(self, trainer)
        return self.recipes["quick" if quick or "paper" not in self.recipes else "paper"]

    @property
    def recipe_name(self) -> str:
        named = (name for name, recipe in self.recipes.items() if recipe is self.recipe)
        return next(named, self.recipe.source)

    def setup(self, stage: str) -> None:
        trainer, name = cast(Any, self.trainer), type(self).__name__
        data: Any = trainer.datamodule
        fitting = stage == TrainerFn.FITTING
        given_none = fitting and embedded.brings_the_training_data(self, trainer)
        on_embedded = fitting and embedded.learns_from_embedded_images(self, trainer)
        if given_none:
            data = embedded.parts_world(self.recipe.batch_size, stage)
        endless = fitting and embedded.has_no_end(trainer)
        if endless:
            trainer.fit_loop.max_epochs = self.recipe.epochs
        if on_embedded:
            rank_zero_info(
                f"{name}{' was given no data: it' if given_none else ''} learns from the embedded "
                f"images (PartsWorld, {len(data.train_set)} of {data.num_classes} classes, "
                f"{data.image_size} pixels), by the recipe {self.recipe_name!r}, and stops "
                f"{embedded.end_of(trainer)}."
            )
        elif endless:
            rank_zero_info(
                f"{name} was given no max_epochs: by the recipe {self.recipe_name!r} it stops "
                f"{embedded.end_of(trainer)}. Set Trainer(max_epochs=...) for another end."
            )
        if hasattr(data, "num_classes"):
            source = type(data).__name__
            checks.check_num_classes(name, self.num_classes, source, data.num_classes)
            names = getattr(data, "class_names", ())
            if trainer.world_size > 1:
                checks.check_same_everywhere(names)
            if not fitting:
                checks.check_class_names(name, self.data_facts.get("class_names"), source, names)
        if fitting:
            checks.check_trainer(trainer)
            self.check_can_be_saved()
            facts = ("class_names", "image_size", "mean", "std")
            self.data_facts = {
                key: list(value) if isinstance(value := getattr(data, key), tuple) else value
                for key in facts
                if hasattr(data, key)
            }
            self.data_facts["embedded"] = on_embedded
            self.example_input_array = self.example_images()

    def check_can_be_saved(self) -> None:
        """Now, not after the first epoch: no checkpoint could hold these options.

        Raises:
            CheckpointError: names the option that is no plain value.
        """
        trainer = cast(Any, self.trainer)
        if trainer.checkpoint_callback and type(trainer.strategy.checkpoint_io) is SafeCheckpointIO:
            for name, value in self.hparams.items():
                check_loadable({name: value}, f"{type(self).__name__}({name}=...)")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        trainer = self._trainer  # none where a callback saves after an error
        if "state_dict" in checkpoint and trainer and trainer.state.fn == TrainerFn.FITTING:
            checkpoint["lecture_nets"]["training"] = agreement.facts_of(self)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        if self._trainer is None:
            return
        data: Any = self._trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        name, learned = type(self).__name__, self.data_facts.get("class_names")
        names = getattr(data, "class_names", None)
        source = type(data).__name__
        checks.check_class_names(f"The {name} of this checkpoint", learned, source, names)
        if self._trainer.state.fn == TrainerFn.FITTING:
            self.resumed = checkpoint.get("lecture_nets", {}).get("training", {})
            agreement.check_recipe(self, self.resumed)

    def example_images(self) -> Tensor | None:
        """An image of the size to come, for the shapes in the model summary."""
        size = self.data_facts.get("image_size") or getattr(self.net, "paper_size", None)
        return torch.zeros(1, getattr(self.net, "in_channels", 3), size, size) if size else None

    def train_dataloader(self) -> DataLoader:
        return embedded.parts_world(self.recipe.batch_size, "fit").train_dataloader()

    def val_dataloader(self) -> DataLoader | NoLoaders:
        fitting = self.trainer.state.fn == TrainerFn.FITTING
        if fitting and not embedded.brings_the_training_data(self, self.trainer):
            return NoLoaders()  # your own training data are never judged by embedded ones
        self.check_learned_from_embedded()
        return embedded.parts_world(self.recipe.batch_size, "validate").val_dataloader()

    def test_dataloader(self) -> DataLoader:
        self.check_learned_from_embedded()
        return embedded.parts_world(self.recipe.batch_size, "test").test_dataloader()

    predict_dataloader = test_dataloader

    def check_learned_from_embedded(self) -> None:
        if self.data_facts.get("embedded") is False:
            raise ValueError(
                f"{type(self).__name__} learned from your own data and was given none now. The "
                "embedded images are another task: pass a loader or a data module."
            )

    def configure_callbacks(self) -> list[Callback]:
        use_safe_files(self.trainer)
        # A callback returned here replaces one of its type, so the user's own takes precedence.
        given: list[Callback] = self.trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
        for callback in given:
            # No hook is earlier: those that average weights copy the module in their `setup`.
            if isinstance(callback, StructureCallback):
                callback.apply(self)
        for kind, number in Counter(map(type, given)).items():
            ours = kind.__module__.startswith("lecture_nets.callbacks.")
            if ours and number > 1 and not issubclass(kind, StructureCallback):
                raise ValueError(
                    f"The Trainer has {number} callbacks {kind.__name__}, and only the last would "
                    "count. Give one."
                )
        return [
            own
            for own in self.own_callbacks()
            if not any(isinstance(callback, type(own)) for callback in given)
        ]

    def own_callbacks(self) -> list[Callback]:
        """Callbacks of the module, unless the user brings one of the same type."""
        callbacks: list[Callback] = [FiniteGuard()]
        given: list[Callback] = self.trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
        # A user's SWA is an average too: of two, the last to copy its weights would win silently.
        averaged = any(isinstance(callback, StochasticWeightAveraging) for callback in given)
        if self.recipe.ema_decay is not None and not averaged:
            average = partial(optimization.ema_with_warm_up, self.recipe.ema_decay)
            callbacks.append(WeightAveraging(avg_fn=average))
        return [*callbacks, ExactResume(), StopOnSignal()]  # behind what acts after a step

    def on_fit_end(self) -> None:
        trainer = cast(Any, self.trainer)
        if trainer.limit_train_batches != 0 and trainer.num_training_batches == 0:
            raise ValueError(
                f"{type(self).__name__} was given no batch to learn from: the training loader is "
                "empty. Look at the length of its data set, its batch size and drop_last."
            )

    # Steps

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)

    @property
    def backbone(self) -> nn.Module:
        """The network without its head, by the name that Lightning's `BackboneFinetuning` wants."""
        return cast(nn.Module, self.net.trunk)

    def on_train_start(self) -> None:
        checks.check_momentum(self.net)
        agreement.tell_changes(self, self.resumed)
        self.resumed = {}
        image = checks.left_over_image(self.trainer.train_dataloader)
        if image is not None and not checks.can_train_on_one_image(self.net, image.to(self.dtype)):
            raise checks.single_image_error(type(self.net).__name__)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        labels = batch[1]
        # On an accelerator, looking at every batch's labels would make each step wait.
        if batch_idx == 0 or labels.device.type == "cpu":
            checks.check_labels(labels, self.num_classes)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        images, labels, *_ = batch
        images = optimization.channels_last(images)
        labels = labels if labels.is_floating_point() else labels.long()
        try:
            if getattr(self.net, "aux_heads", None):
                logits, aux = cast(Any, self.net).forward_with_aux(images)
            else:
                logits, aux = self.net(images), []
        except ValueError as error:
            if checks.SINGLE_IMAGE in str(error):
                raise checks.single_image_error(type(self.net).__name__) from None
            raise
        checks.check_logits(logits, images, self.num_classes, type(self.net).__name__)
        loss = self.criterion(logits, labels)
        for aux_logits in aux:
            loss = loss + self.aux_weight * self.criterion(aux_logits, labels)
        self.train_metrics.update(logits, checks.hard_labels(labels))
        self.log("loss", loss, prog_bar=True, logger=False)
        # What a schedule looks at must be the same number in every process: hence `sync_dist`.
        self.log(
            "train_loss", loss, on_step=False, on_epoch=True, batch_size=len(images), sync_dist=True
        )
        self.log_dict(self.train_metrics, on_step=False, on_epoch=True)  # pyright: ignore[reportArgumentType]
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.evaluate(batch, "val", self.val_metrics)

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self.evaluate(batch, "test", self.test_metrics)

    def evaluate(self, batch: Any, split: str, metrics: MetricCollection) -> None:
        images, labels, *_ = batch
        labels = checks.check_labels(labels, self.num_classes)
        logits = self.finite_logits(images, batch)
        metrics.update(logits, checks.hard_labels(labels))
        loss = self.criterion(logits, labels)
        self.log(f"{split}_loss", loss, batch_size=len(images), sync_dist=True)
        self.log_dict(metrics, prog_bar=True)  # pyright: ignore[reportArgumentType]

    def predict_step(self, batch: Any, batch_idx: int) -> Tensor:
        """Probabilities (N, num_classes)."""
        images = batch[0] if isinstance(batch, list | tuple) else batch
        return self.finite_logits(images, batch).softmax(dim=1)

    def finite_logits(self, images: Tensor, batch: Any) -> Tensor:
        """Logits (N, num_classes), or a `NonFiniteError`: NaN would be counted as class 0."""
        logits = self.net(optimization.channels_last(images))
        checks.check_logits(logits, images, self.num_classes, type(self.net).__name__)
        check_finite_logits(logits, batch)
        return logits

    # Optimization

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        if gradient_clip_val is None:
            gradient_clip_val, gradient_clip_algorithm = self.recipe.gradient_clip, "norm"
        self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def configure_optimizers(self) -> Any:
        recipe = self.recipe
        lr = recipe.lr if self.lr is None else self.lr
        tensors = optimization.learned_tensors(self.net)
        agreement.check_tensors(self.resumed, len(tensors))
        optimizer = optimization.build_optimizer(recipe, tensors, lr)
        # Both facts load the data, so they are asked for only where the schedule needs them.
        facts: dict[str, Any] = {}
        if recipe.schedule == "one_cycle":
            facts["steps"] = self.trainer.estimated_stepping_batches
        elif recipe.schedule == "plateau":
            facts["monitor"] = "val_loss" if self.is_validated() else "train_loss"
        plan = optimization.build_schedule(recipe, optimizer, **facts)
        return {"optimizer": optimizer, "lr_scheduler": plan}

    def is_validated(self) -> bool:
        self.trainer.fit_loop.epoch_loop.val_loop.setup_data()
        return sum(self.trainer.num_val_batches) > 0
