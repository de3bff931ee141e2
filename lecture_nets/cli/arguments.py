"""The words of `lecture-nets fit | validate | test`, checked around Lightning's parser."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lecture_nets.checkpoints import read_checkpoint
from lecture_nets.cli.usage import UsageError
from lecture_nets.data import ImageDataModule
from lecture_nets.names import choose, unknown
from lecture_nets.training import MODULES
from lecture_nets.training.modules import LectureModule

# What jsonargparse says around the one line that helps.
NOISE = re.compile(
    r"Does not validate against any|Subtypes:|Errors:|Given value|- Expected a <class 'NoneType'>"
)
# Of numbers in the configuration: where they are, what is allowed, and how that is said.
ALLOWED: dict[str, tuple[Any, str]] = {
    "seed_everything": (lambda x: isinstance(x, bool) or 0 <= x < 2**32, "0 to 4294967295"),
    "trainer.max_epochs": (lambda x: x > 0 or x == -1, "1 or more, or -1 for no end"),
    "trainer.max_steps": (lambda x: x > 0 or x == -1, "1 or more, or -1 for no end"),
    "trainer.accumulate_grad_batches": (lambda x: x >= 1, "1 or more"),
    "trainer.gradient_clip_val": (lambda x: 0 <= x < float("inf"), "0 (none) or more"),
    "trainer.limit_train_batches": (lambda x: x > 0, "above 0, or nothing would be learned"),
    "trainer.limit_test_batches": (lambda x: x > 0, "above 0, or nothing would be tested"),
}


def is_page(message: str) -> bool:
    return "Does not validate against any" in message


def concise(message: str) -> str:
    """The lines of jsonargparse's answer that say what is wrong, as one, with a suggestion."""
    lines = [line.strip() for line in message.splitlines() if not NOISE.match(line.strip())]
    text = re.sub(r":\s+", ": ", " ".join(line.removeprefix("- ") for line in lines if line))
    text = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", text).replace("lecture_nets.", "")
    found = re.search(r"class_path '(?:\w+\.)*(\w+)': Option '(\w+)' is not accepted", text)
    if found and (kind := shell_classes().get(found[1])):
        return unknown(f"option of {found[1]}", found[2], options_of(kind))
    return text


def shell_classes() -> dict[str, type]:
    """All modules and data modules that have a short name."""
    return dict(MODULES) | {kind.__name__: kind for kind in ImageDataModule.__subclasses__()}


def options_of(kind: type) -> list[str]:
    """The options that the shell takes for a class: the data say ``num_classes``."""
    own = inspect.signature(kind).parameters.values()
    names = [option.name for option in own if option.kind is not option.VAR_KEYWORD]
    if issubclass(kind, LectureModule):
        names += kind.all_options({})
    return [name for name in names if name != "num_classes"]


def check_short_names(args: list[str]) -> None:
    """Refuse unknown short names of modules and data here: jsonargparse's answer is a page long."""
    known = {
        "model": MODULES,
        "data": {kind.__name__: kind for kind in ImageDataModule.__subclasses__()},
    }
    for name, value in flags(args):
        kind = name.removeprefix("--")
        if kind in known and value.isidentifier():
            choose(kind, value, known[kind])


def check_before_parsing(args: list[str]) -> None:
    """Refuse what Lightning's parser would take and drop, or would answer without the place.

    Raises:
        UsageError: an unknown short name, a number of classes beside the data's, or a
            configuration file that is none.
    """
    check_short_names(args)
    for name, value in flags(args):
        if name in ("--model.num_classes", "--model.init_args.num_classes"):
            raise UsageError(
                f"{name} {value}: the data say how many classes there are, so it would be dropped. "
                "Leave it out."
            )
        if name in ("--config", "-c"):
            check_config(Path(value))


def check_config(path: Path) -> None:
    """A configuration file can be read, and says each thing once."""
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), _OnceLoader)
    except FileNotFoundError:
        raise UsageError(f"--config {path}: there is no such file.") from None
    except IsADirectoryError:
        raise UsageError(f"--config {path} is a folder. Name a file in it.") from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"--config {path} is no UTF-8 text ({error.reason} at byte {error.start}). "
            "Save it as UTF-8."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UsageError(f"--config {path}{place}: {problem}. Correct the YAML there.") from None
    if not isinstance(config, dict):
        raise UsageError(
            f"--config {path} holds {type(config).__name__}, not options by name. "
            "Write one with: lecture-nets fit --model AlexNetModule --print_config"
        )
    for part in (config, config.get("fit")):
        model = part.get("model") if isinstance(part, dict) else None
        options = model.get("init_args") if isinstance(model, dict) else None
        if isinstance(options, dict) and options.get("num_classes") is not None:
            raise UsageError(
                f"--config {path}: model.init_args.num_classes would be dropped, since the data "
                "say how many classes there are. Leave it out."
            )


class _OnceLoader(yaml.SafeLoader):
    """Refuses a key that is given twice: YAML's rule, of which PyYAML takes the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def check_numbers(config: Any) -> None:
    """Refuse numbers outside their meaning by the option's name.

    Raises:
        UsageError: names option, what was given, what is allowed.
    """
    for option, (allowed, said) in ALLOWED.items():
        value = config.get(option)
        if value is not None and not allowed(value):
            raise UsageError(f"--{option} {value}: allowed is {said}.")


def with_model_of_checkpoint(args: list[str]) -> list[str]:
    """The words with module and options of ``--ckpt_path`` before them; those given go on top.

    Raises:
        CheckpointError: the file is no whole checkpoint, or holds more than plain data.
    """
    path = dict(flags(args)).get("--ckpt_path")
    if path is None or not Path(path).is_file():
        return args
    checkpoint = read_checkpoint(path, "meta")
    writer = checkpoint.get("lecture_nets", {}).get("module")
    if writer not in MODULES:
        return args
    known = options_of(MODULES[writer])
    recorded = {
        name: value
        for name, value in checkpoint.get("hyper_parameters", {}).items()
        if name in known and value is not None
    }
    model = {"class_path": writer, "init_args": recorded}
    return [args[0], "--model", json.dumps(model), *args[1:]]


def flags(args: list[str]) -> Iterator[tuple[str, str]]:
    """``--name value`` and ``--name=value`` -> name and value."""
    for word, following in zip(args, [*args[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name.startswith("-"):
            yield name, value if equals else following
