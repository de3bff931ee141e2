"""`python -m lecture_nets.cli`, the same as `lecture-nets`."""

import sys

from lecture_nets.cli.commands import main

sys.exit(main())
