"""Draw the contact sheets of PartsWorld: ``python tests/benchmarks/parts_world_sheet.py``."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from lecture_nets.data.parts_world import CLASS_NAMES, PartsWorld

SIZE, GAP, TITLE = 128, 4, 20
ROWS, COLUMNS = 6, len(CLASS_NAMES)
FOLDER = Path(__file__).parents[2] / "docs" / "images"


def draw_sheet(difficulty: str) -> Image.Image:
    """Sixty training images, one class a column, under the classes' names."""
    images = PartsWorld("train", ROWS * COLUMNS, SIZE, difficulty=difficulty).images
    step = SIZE + GAP
    sheet = Image.new("RGB", (COLUMNS * step - GAP, TITLE + ROWS * step - GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for column, name in enumerate(CLASS_NAMES):
        middle = column * step + SIZE / 2
        pen.text((middle, 1), name, "black", ImageFont.load_default(14), anchor="ma")
    for index, image in enumerate(images):
        pixels = np.ascontiguousarray(image.numpy().transpose(1, 2, 0))
        row, column = divmod(index, COLUMNS)
        sheet.paste(Image.fromarray(pixels), (column * step, TITLE + row * step))
    return sheet


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Fewer bits a channel where there is more noise, which a PNG packs badly.
    for difficulty, bits in (("easy", 5), ("hard", 4)):
        path = FOLDER / f"parts_world_{difficulty}.png"
        ImageOps.posterize(draw_sheet(difficulty), bits).save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
