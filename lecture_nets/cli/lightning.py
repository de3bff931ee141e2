"""`lecture-nets fit | validate | test`: Lightning's command line, with our modules and data."""

import time
import warnings
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import CSVLogger

import lecture_nets.analysis.growth  # registers short names
import lecture_nets.callbacks  # noqa: F401
from lecture_nets.cli.run_folder import write_record
from lecture_nets.data import ImageDataModule
from lecture_nets.names import choose
from lecture_nets.training import MODULES, ImageClassifier, StopOnSignal
from lecture_nets.training.quiet import quiet_lightning

RUNS = Path("runs")


class SaveRun(SaveConfigCallback):
    """The configuration of a run and, beside it, when it started and on which versions."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        # `validate` and `test` have no run folder: Lightning would write into the current one.
        if stage == "fit":
            super().setup(trainer, pl_module, stage)

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if trainer.logger and trainer.log_dir:
            write_record(Path(trainer.log_dir))


class LectureCLI(LightningCLI):
    """Short class names, classes counted by the data, a run folder each, a report at the end."""

    @classmethod
    def run(cls, args: list[str]) -> None:
        cls(
            ImageClassifier,
            ImageDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            save_config_callback=SaveRun,
            save_config_kwargs={"overwrite": True},
            trainer_defaults={
                "callbacks": [StopOnSignal()],
                "plugins": [{"class_path": "lecture_nets.training.SafeCheckpointIO"}],
            },
            seed_everything_default=0,
            # `--trainer.max_epoch 3` shall be an error, not a lucky guess.
            parser_kwargs={"allow_abbrev": False},
            args=args,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.link_arguments(
            "data.num_classes", "model.init_args.num_classes", apply_on="instantiate"
        )
        parser.set_defaults({"data": {"class_path": "PartsWorldDataModule"}})
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.set_defaults(
            {
                "checkpoint.monitor": "val_acc",
                "checkpoint.mode": "max",
                "checkpoint.filename": "best",
                "checkpoint.enable_version_counter": False,
            }
        )

    def instantiate_trainer(self, **options: Any) -> Any:
        # Not into the configuration: a run from a saved one must not write into the old folder.
        if self._get(self.config_init, "trainer").logger in (None, True):
            options["logger"] = self.subcommand == "fit" and self.new_run()
        if self.subcommand != "fit":  # nothing is saved there, so it does not matter where
            warnings.filterwarnings("ignore", "The dirpath has changed")
        return super().instantiate_trainer(**options)

    def new_run(self) -> CSVLogger:
        model = self._get(self.config, "model").class_path.rpartition(".")[2]
        return CSVLogger(save_dir=RUNS, name="", version=free_name(RUNS, model))

    def before_fit(self) -> None:
        self.started = time.monotonic()
        for logger in self.trainer.loggers:
            print(f"Run folder: {logger.log_dir}")

    def after_fit(self) -> None:
        """Test the best weights; say where they are; draw the report."""
        trainer: Any = self.trainer
        if trainer.fast_dev_run or trainer.interrupted:
            return
        seconds, epochs = time.monotonic() - self.started, trainer.current_epoch
        best = trainer.checkpoint_callback.best_model_path
        results = trainer.test(
            self.model, datamodule=self.datamodule, ckpt_path=best or None, verbose=False
        )[0]
        val = trainer.checkpoint_callback.best_model_score
        print(f"training:         {seconds:.0f} s, {epochs} epochs")
        print(f"validation top-1: {val:.1%}" if val is not None else "validation top-1: none")
        print(f"test top-1:       {results['test_acc']:.1%}")
        print(f"checkpoint:       {best}")
        logger = trainer.logger
        if isinstance(logger, CSVLogger):
            from lecture_nets.cli.report import write_report

            path = write_report(Path(logger.log_dir), self.model, self.datamodule)
            print(f"report:           {path}")


@quiet_lightning()
def run(args: list[str]) -> None:
    """`fit`, `validate` and `test`, by Lightning's own command line."""
    check_short_names(args)
    LectureCLI.run(args)


def check_short_names(args: list[str]) -> None:
    """Refuse unknown short names of modules and data here: jsonargparse's answer is a page long."""
    known = {
        "model": MODULES,
        "data": {kind.__name__: kind for kind in ImageDataModule.__subclasses__()},
    }
    for flag, value in zip(args, [*args[1:], ""], strict=True):
        name, equals, given = flag.partition("=")
        kind = name.removeprefix("--")
        value = given if equals else value
        if kind in known and name.startswith("--") and value.isidentifier():
            choose(kind, value, known[kind])


def free_name(folder: Path, stem: str) -> str:
    """``stem-1``, or the first number that no run in ``folder`` has taken."""
    number = 1
    while (folder / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"
