"""`lecture-nets fit | validate | test`: Lightning's command line, with our modules and data."""

import time
import warnings
from argparse import ArgumentError
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import CSVLogger

import lecture_nets.analysis.growth  # registers short names
import lecture_nets.callbacks  # noqa: F401
from lecture_nets.cli import arguments
from lecture_nets.cli.run_folder import claim, write_record
from lecture_nets.cli.usage import UsageError
from lecture_nets.data import ImageDataModule
from lecture_nets.training import ImageClassifier
from lecture_nets.training.quiet import quiet_lightning

RUNS = Path("runs")


class SaveRun(SaveConfigCallback):
    """The configuration of a run and, beside it, when it started and on which versions."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        # `validate` and `test` have no run folder: Lightning would write into the current one.
        if stage != "fit":
            return
        super().setup(trainer, pl_module, stage)
        folder = trainer.log_dir  # asked by every process: the first one tells the others
        if trainer.is_global_zero and trainer.logger and folder:
            write_record(Path(folder))


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
            seed_everything_default=0,
            # `--trainer.max_epoch 3` must be an error, not a lucky guess.
            parser_kwargs={"allow_abbrev": False, "exit_on_error": False},
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

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        try:
            super().parse_arguments(parser, args)
        except ArgumentError as error:
            raise UsageError(arguments.concise(str(error))) from None
        arguments.check_numbers(self.config[self.config.subcommand])

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except ValueError as error:
            if arguments.is_page(str(error)):  # jsonargparse's, around a line of ours
                raise ValueError(arguments.concise(str(error))) from None
            raise

    def _parse_ckpt_path(self) -> None:
        """Nothing: `with_model_of_checkpoint` has read the file, through the safe reader."""

    def instantiate_trainer(self, **options: Any) -> Any:
        # Not into the configuration: a run from a saved one must not write into the old folder.
        self.logs_by_default = self._get(self.config_init, "trainer").logger in (None, True)
        if self.logs_by_default:
            options["logger"] = False
        if self.subcommand != "fit":  # nothing is saved there, so it does not matter where
            warnings.filterwarnings("ignore", "The dirpath has changed")
        return super().instantiate_trainer(**options)

    def before_fit(self) -> None:
        self.started = time.monotonic()
        trainer: Any = self.trainer
        if self.logs_by_default and not trainer.fast_dev_run:
            model = self._get(self.config, "model").class_path.rpartition(".")[2]
            # The first process writes the run folder and tells the others where it is.
            version = claim(RUNS, model) if trainer.is_global_zero else model
            trainer.logger = CSVLogger(save_dir=RUNS, name="", version=version)
        if trainer.is_global_zero:
            for logger in trainer.loggers:
                print(f"Run folder: {logger.log_dir}")

    def after_fit(self) -> None:
        """Test the best weights; say where they are; draw the report."""
        trainer: Any = self.trainer
        if trainer.fast_dev_run or trainer.interrupted:
            return
        seconds, epochs = time.monotonic() - self.started, trainer.current_epoch
        best = trainer.checkpoint_callback.best_model_path
        data: Any = self.datamodule
        data.setup("test")
        at_once = data.batch_size * trainer.world_size
        validated = min(len(data.val_set), at_once * sum(trainer.num_val_batches))
        # Without test images too, the best weights must be read before the report is drawn.
        evaluate = trainer.test if len(data.test_set) else trainer.validate
        (results,) = evaluate(self.model, datamodule=data, ckpt_path=best or None, verbose=False)
        if not trainer.is_global_zero:
            return
        val = trainer.checkpoint_callback.best_model_score
        tested = min(len(data.test_set), at_once * sum(trainer.num_test_batches))
        print(f"training:         {seconds:.0f} s, {epochs} epochs")
        print(f"validation top-1: {with_interval(val, validated)}")
        print(f"test top-1:       {with_interval(results.get('test_acc'), tested)}")
        print(f"checkpoint:       {best}")
        logger = trainer.logger
        if isinstance(logger, CSVLogger):
            from lecture_nets.cli.report import write_report

            path = write_report(Path(logger.log_dir), self.model, self.datamodule)
            print(f"report:           {path}")


def with_interval(accuracy: Any, images: int) -> str:
    """``80.0%, 95% interval 49.0% to 94.3% (10 images)``, or ``none``."""
    if accuracy is None:
        return "none"
    from lecture_nets.analysis.depth import wilson_interval

    interval = wilson_interval(round(float(accuracy) * images), images)
    between = f"{interval.low:.1%} to {interval.high:.1%}"
    return f"{accuracy:.1%}, 95% interval {between} ({images:,} images)"


@quiet_lightning()
def run(args: list[str]) -> None:
    """`fit`, `validate` and `test`, by Lightning's own command line."""
    arguments.check_before_parsing(args)
    LectureCLI.run(arguments.with_model_of_checkpoint(args))
