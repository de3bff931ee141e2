"""The image sets that can be downloaded.

```{sets}
```
"""

from generated import Generated, table
from sphinx.application import Sphinx

from lecture_nets.data.torchvision_table import SETS


class Sets(Generated):
    def markdown(self) -> str:
        rows = [
            [
                f"`{name}`",
                ", ".join(f"{pictures:,} {split}" for split, (_, pictures) in each.parts.items()),
                each.license,
                each.citation,
            ]
            for name, each in SETS.items()
        ]
        return table(["name", "pictures", "license", "to cite"], rows)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("sets", Sets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
