"""One image file: checks that it is what it claims to be, and reads its pixels.

Files come from strangers. So the header is looked at before anything is decoded, only a fixed list
of formats is ever tried (Pillow would start Ghostscript for an EPS file named ``.jpg``), and what
cannot be read faithfully is refused with its reason instead of being guessed.
"""

import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF")
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif")
MAX_PIXELS = 50_000_000

# How a complete file ends. Others may follow it with a trailer, so a different end proves nothing:
# such a file is decoded during the check, the rest is believed.
_END = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82", "GIF": b"\x3b"}

# A side more than this many times the other is cut to it, around the middle. Without the limit
# a line of 1 x 50,000 pixels, resized by its short side, would fill the memory.
_MAX_ASPECT = 3


class BadImageError(ValueError):
    """A file that cannot be used as an image; the message is the reason."""


def load_image(
    source: str | Path | BinaryIO, *, name: str | None = None, short_side: int | None = None
) -> Image.Image:
    """Image file -> upright RGB image of 8 bits a channel.

    Rotation from EXIF is applied, alpha is composited on white, gray, palette and CMYK become RGB,
    16-bit gray is scaled to 8 bits, and of several frames the first is taken.

    Args:
        source: path, or a file opened for reading bytes.
        name: what errors call the image; by default its path.
        short_side: a smaller image is enough, as long as its short side has this many pixels.
            Lets a JPEG be decoded at 1/2, 1/4 or 1/8, which is several times faster.

    Raises:
        BadImageError: the file cannot be used; names it and says why.
    """
    if isinstance(source, (str, Path)):
        if os.path.exists(source) and not os.path.isfile(source):  # opening a pipe would never end
            raise BadImageError(f"{source}: is no regular file but a folder, a pipe or a device")
        try:
            with open(source, "rb") as file:
                return load_image(file, name=name or os.fspath(source), short_side=short_side)
        except OSError as error:
            raise BadImageError(f"{source}: cannot be read: {error.strerror or error}") from error
    try:
        image = _open(source)
        if short_side is not None:
            image.draft(None, (short_side, short_side))
        return to_rgb(_decode(image))
    except BadImageError as error:
        name = name or getattr(source, "name", "image")
        raise BadImageError(f"{name}: {error}") from error


def image_fault(file: BinaryIO) -> str | None:
    """File opened for reading bytes -> why it cannot be used, or None.

    Reads the header and the last few bytes; decodes only where the end looks cut off.
    """
    try:
        image = _open(file)
        end = _END.get(image.format or "", b"")
        file.seek(-min(len(end), file.seek(0, os.SEEK_END)), os.SEEK_END)
        if file.read() != end:
            _decode(image)
    except BadImageError as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return None


def to_rgb(image: Image.Image) -> Image.Image:
    """Decoded image of any mode -> upright RGB image; alpha is composited on white."""
    image = _upright(image)
    if image.mode.startswith("I"):  # 16 bits; other integers were refused on the header
        # 65535 / 257 = 255. Pillow's own conversion would clip nearly every pixel to white.
        image = Image.fromarray(
            ((np.asarray(image).astype(np.int64) + 128) // 257).astype(np.uint8)
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def shrink(image: Image.Image, short_side: int) -> Tensor:
    """RGB image -> ``uint8`` ``(3, H, W)``, its short side at most ``short_side``."""
    width, height = image.size
    short = min(width, height)
    kept_width, kept_height = min(width, _MAX_ASPECT * short), min(height, _MAX_ASPECT * short)
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    box = (left, top, left + kept_width, top + kept_height)
    scale = min(1.0, short_side / short)
    size = (round(kept_width * scale), round(kept_height * scale))
    if size != image.size:
        image = image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
    return to_tensor(image)


def to_tensor(image: Image.Image) -> Tensor:
    """RGB image -> ``uint8`` ``(3, H, W)``."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


@contextmanager
def _reasons():
    """Any of the dozen kinds of exception Pillow raises on damaged bytes -> BadImageError."""
    try:
        yield
    except BadImageError:
        raise
    except Exception as error:
        raise BadImageError(f"damaged or cut off: {error}") from error


def _open(file: BinaryIO) -> Image.Image:
    """File -> image whose header is read and found harmless; no pixel is decoded yet."""
    head = file.read(512)
    file.seek(0)
    try:
        with warnings.catch_warnings(), _reasons():
            # Pillow only warns up to twice its own limit, which is above ours.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
            pixels = image.width * image.height
    except BadImageError as error:
        cause = error.__cause__
        if isinstance(cause, (Image.DecompressionBombWarning, Image.DecompressionBombError)):
            raise BadImageError(f"too many pixels: more than {MAX_PIXELS:,}") from cause
        if isinstance(cause, UnidentifiedImageError):
            raise BadImageError(_looks_like(head)) from cause
        raise
    if pixels > MAX_PIXELS:
        raise BadImageError(
            f"too many pixels: {image.width} x {image.height} = {pixels:,}, at most {MAX_PIXELS:,}"
        )
    sixteen_bit = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")
    if image.mode == "F" or (image.mode.startswith("I") and not sixteen_bit):
        kind = "floats" if image.mode == "F" else "32-bit integers"
        raise BadImageError(f"pixels are {kind}, whose black and white are not defined")
    if image.mode == "LAB":
        raise BadImageError("colors are LAB, not RGB, CMYK or gray")
    return image


def _decode(image: Image.Image) -> Image.Image:
    with _reasons():
        image.load()
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # A damaged EXIF block holds no rotation; the pixels are fine.
        return image


def _looks_like(head: bytes) -> str:
    """First bytes of a file that is no image -> what it is instead."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return "empty: 0 bytes"
    if text.startswith(b"version https://git-lfs"):
        return "a Git-LFS pointer, not the image (run `git lfs pull`)"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")):
        return "an HTML page or XML text, not an image (a failed download?)"
    if text.startswith((b"%!ps", b"%pdf")):
        return "a PostScript or PDF document, not an image"
    if head[4:8] == b"ftyp":
        return "HEIC, AVIF or video, not JPEG, PNG, BMP, WebP, TIFF or GIF"
    return "not a JPEG, PNG, BMP, WebP, TIFF or GIF image, or its header is damaged"
