"""The networks and training tricks of one deep-learning lecture as PyTorch Lightning parts.

What may be imported from here stands in ``__init__.pyi``. Names are loaded when they are first
used, so that ``import lecture_nets`` itself costs nothing.
"""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("lecture-nets")
