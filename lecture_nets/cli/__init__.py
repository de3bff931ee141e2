"""The shell: one file for each command; `commands` picks it by name."""

from lecture_nets.cli.commands import BAD_CHECKPOINT as BAD_CHECKPOINT
from lecture_nets.cli.commands import BAD_DATA as BAD_DATA
from lecture_nets.cli.commands import BAD_USAGE as BAD_USAGE
from lecture_nets.cli.commands import INTERRUPTED as INTERRUPTED
from lecture_nets.cli.commands import NOT_FINITE as NOT_FINITE
from lecture_nets.cli.commands import main as main
