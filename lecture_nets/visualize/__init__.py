"""All drawing: the only room that uses matplotlib.

Names are loaded when they are first used: some need Lightning, which drawing does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lecture_nets.visualize.figures import Picture as Picture
    from lecture_nets.visualize.history import depth_and_error as depth_and_error
    from lecture_nets.visualize.maximize import maximize_activation as maximize_activation

_HOME_OF = {
    "Picture": "lecture_nets.visualize.figures",
    "depth_and_error": "lecture_nets.visualize.history",
    "maximize_activation": "lecture_nets.visualize.maximize",
}
__all__ = list(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
