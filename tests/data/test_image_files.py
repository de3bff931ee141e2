import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lecture_nets.data import image_files
from lecture_nets.data.image_files import BadImageError, image_fault, load_image, shrink, to_rgb


def noise(size=(40, 30)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def jpeg(size=(40, 30), mode="RGB", **options) -> bytes:
    return encoded(noise(size).convert(mode), "JPEG", **options)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size, and has hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    data = chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


BAD = {
    "empty": (b"", "empty: 0 bytes"),
    "html": (b"\n<!DOCTYPE html><html>", "an HTML page"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "Git-LFS pointer.*git lfs pull"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PostScript"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC, AVIF or video"),
    "noise": (bytes(range(99)), "not a JPEG, PNG"),
    "cut jpeg": (jpeg()[:-20], "damaged or cut off"),
    "cut png": (encoded(noise(), "PNG")[:-2000], "damaged or cut off"),
    "50 M": (png_header(10_000, 5_001), "too many pixels: 10000 x 5001 = 50,010,000, at most 50"),
    "100 M": (png_header(10_000, 10_000), "too many pixels"),
    "400 M": (png_header(20_000, 20_000), "too many pixels"),
    "float": (encoded(Image.new("F", (9, 9)), "TIFF"), "pixels are floats"),
    "32 bit": (encoded(Image.new("I", (9, 9)), "TIFF"), "pixels are 32-bit integers"),
    "lab": (encoded(Image.new("LAB", (9, 9)), "TIFF"), "colors are LAB"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=list(BAD))
def test_the_check_says_what_is_wrong(content, reason):
    assert re.search(reason, image_fault(io.BytesIO(content)) or "")


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=list(BAD))
def test_loading_says_the_same_and_names_the_file(tmp_path, content, reason):
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    with pytest.raises(BadImageError, match=f"x.jpg: .*{reason}"):
        load_image(path)


GOOD = {
    "jpeg": jpeg(),
    "trailer": jpeg() + b"camera notes",
    "png trailer": encoded(noise(), "PNG") + b"notes",
    "multi-picture": encoded(
        Image.new("RGB", (9, 9)), "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]
    ),
    "gray": jpeg(mode="L"),
    "cmyk": jpeg(mode="CMYK"),
    "bmp": encoded(Image.new("RGB", (9, 9)), "BMP"),
    "webp": encoded(Image.new("RGB", (9, 9)), "WEBP"),
    "tiff": encoded(Image.new("RGB", (9, 9)), "TIFF"),
    "1 bit": encoded(Image.new("1", (9, 9)), "PNG"),
    "gif": encoded(
        Image.new("P", (9, 9)), "GIF", save_all=True, append_images=[Image.new("P", (9, 9), 1)]
    ),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=list(GOOD))
def test_common_files_pass_and_become_rgb(content):
    assert image_fault(io.BytesIO(content)) is None
    assert load_image(io.BytesIO(content)).mode == "RGB"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadImageError, match=r"no\.jpg: cannot be read: No such file"):
        load_image(tmp_path / "no.jpg")


def test_a_damaged_file_leaves_no_file_open(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg()[:-20])
    with pytest.raises(BadImageError):
        load_image(path)
    path.unlink()  # and ResourceWarning would be an error


def test_exif_rotation_is_honored():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    image = Image.new("RGB", (40, 20), "blue")
    image.paste("red", (0, 0, 20, 20))  # left as stored, top as seen
    upright = load_image(io.BytesIO(encoded(image, "JPEG", exif=exif, quality=95)))
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5))[0] > 200


def test_a_damaged_exif_block_is_no_reason_to_refuse():
    content = jpeg(exif=b"Exif\0\0XX*\0rubbish")
    assert load_image(io.BytesIO(content)).size == (40, 30)


@pytest.mark.parametrize("kind", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(kind):
    image = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    if kind == "P":
        image = Image.new("P", (4, 4), 1)
        image.putpalette([0, 0, 0, 200, 0, 0])
        content = encoded(image, "PNG", transparency=1)
    else:
        content = encoded(image.convert(kind), "PNG")
    assert load_image(io.BytesIO(content)).getpixel((1, 1)) == (255, 255, 255)


def test_half_transparent_red_becomes_pink():
    content = encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "PNG")
    assert load_image(io.BytesIO(content)).getpixel((0, 0)) == (255, 127, 127)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_scaled_to_8(kind):
    levels = np.array([[0, 257, 128 * 257, 65535]], dtype=np.uint16)
    image = load_image(io.BytesIO(encoded(Image.fromarray(levels), kind)))
    assert [pixel[0] for pixel in image.get_flattened_data()] == [0, 1, 128, 255]


def test_a_jpeg_is_decoded_smaller_where_that_is_enough():
    image = load_image(io.BytesIO(jpeg((800, 600))), short_side=100)
    assert image.size == (200, 150)


def test_to_rgb_takes_pictures_already_decoded():
    assert to_rgb(Image.new("L", (3, 2), 7)).getpixel((0, 0)) == (7, 7, 7)


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((400, 200), (3, 100, 200)),
        ((200, 400), (3, 200, 100)),
        ((80, 60), (3, 60, 80)),
        ((5000, 1), (3, 1, 3)),
        ((1, 9000), (3, 3, 1)),
        ((2000, 200), (3, 100, 300)),
    ],
)
def test_shrink_limits_the_short_side_and_the_aspect(size, shape):
    assert shrink(Image.new("RGB", size), 100).shape == shape


def test_shrink_keeps_the_middle_and_the_channel_order():
    image = Image.new("RGB", (1000, 100), "black")
    image.paste((10, 20, 30), (400, 0, 600, 100))
    assert shrink(image, 50)[:, 25, 75].tolist() == [10, 20, 30]


def test_nothing_asks_pillow_for_half_pictures():
    package = Path(image_files.__file__).parents[1]
    name = "LOAD_" + "TRUNCATED_IMAGES"
    assert not [path for path in package.rglob("*.py") if name in path.read_text()]
