"""Makes an uploaded picture ready for LINE: checked, turned upright, stripped of where and with what it was taken, scaled.

LINE takes JPEG and PNG: image messages up to 10 MB with a preview up to 1 MB, templates up to 1024 pixels wide, Flex
Messages up to 1024 × 1024 (Messaging API reference, July 2026).
"""

import hashlib
import io
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from bot.models import PictureSize
from segments.errors import Invalid

MEGABYTE = 1024 * 1024
UPLOAD_MOST = 20 * MEGABYTE
"""Bytes of a file: what a phone's camera makes is smaller."""
PIXELS_MOST = 50_000_000
"""Of a phone's largest pictures: a small file may unpack to anything."""
SIZES = {
    PictureSize.FULL: (2048, 10 * MEGABYTE),
    PictureSize.CARD: (1024, MEGABYTE),
    PictureSize.SMALL: (240, MEGABYTE),
}
"""Pixels of the longer side, and bytes, at most."""
JPEG, PNG = "jpg", "png"
_QUALITIES = (88, 80, 70, 55)
_ALONE = Lock()
"""One picture is unpacked at a time: a large one takes some 200 MB while it is."""
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error)


@dataclass(frozen=True)
class Made:
    """A picture in all its sizes."""

    fingerprint: str
    """Of the file it was made from."""
    kind: str
    """How its addresses end: `jpg` or `png`."""
    width: int
    height: int
    files: Mapping[PictureSize, bytes]


def make(content: bytes) -> Made:
    """Return a picture ready for LINE.

    Raises Invalid: picture_missing, picture_too_big (limit, size in megabytes), picture_type, picture_broken,
    picture_too_many_pixels (limit in millions).
    """
    if not content:
        raise Invalid("picture_missing")
    if len(content) > UPLOAD_MOST:
        raise Invalid(
            "picture_too_big", limit=UPLOAD_MOST // MEGABYTE, size=round(len(content) / MEGABYTE, 1)
        )
    with _ALONE:
        return _in_sizes(_opened(content), fingerprint(content))


def fingerprint(content: bytes) -> str:
    """Return what tells a file from every other: its SHA-256 in 64 letters."""
    return hashlib.sha256(content).hexdigest()


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
                if picture.width * picture.height > PIXELS_MOST:
                    raise _too_many()
                return _plain(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many() from error
    except UnidentifiedImageError as error:
        raise Invalid("picture_type") from error
    except _UNREADABLE as error:
        raise Invalid("picture_broken") from error


def _too_many() -> Invalid:
    return Invalid("picture_too_many_pixels", limit=PIXELS_MOST // 1_000_000)


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture alone: upright, in the colours every screen knows, without a word about itself."""
    largest = SIZES[PictureSize.FULL][0]
    # A JPEG can be unpacked at half its size or less, which saves most of the memory.
    picture.draft("RGB", (largest, largest))
    picture.load()
    coloured = _in_usual_colours(_upright(picture))
    plain = coloured.convert("RGBA" if coloured.has_transparency_data else "RGB")
    if plain.mode == "RGBA" and plain.getchannel("A").getextrema()[0] == 255:
        plain = plain.convert("RGB")
    plain.info = {}
    return plain


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except _UNREADABLE:
        # What the camera wrote about it makes no sense; the picture itself does.
        return picture


def _in_usual_colours(picture: Image.Image) -> Image.Image:
    """Turn the colours of another profile (phones, printers) into sRGB: the profile is not sent along."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):
        # 16 bits of grey.
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if not profile or picture.mode not in {"RGB", "RGBA", "CMYK"}:
        return picture
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        turned = ImageCms.profileToProfile(picture, given, usual, outputMode=mode)
    except (ImageCms.PyCMSError, *_UNREADABLE):
        return picture
    return turned or picture


def _in_sizes(picture: Image.Image, told_apart_by: str) -> Made:
    scaled: dict[PictureSize, Image.Image] = {}
    for size, (side, _bytes) in SIZES.items():
        # In place, and never larger than it is; each from the one before.
        picture = picture.copy()
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        scaled[size] = picture
    files, kind = _pngs(scaled), PNG
    if files is None:
        files, kind = {size: _jpeg(_on_white(each), SIZES[size][1]) for size, each in scaled.items()}, JPEG
    width, height = scaled[PictureSize.FULL].size
    return Made(told_apart_by, kind, width, height, files)


def _pngs(scaled: Mapping[PictureSize, Image.Image]) -> dict[PictureSize, bytes] | None:
    """Return the files of a picture that one can see through; None for any other, or where LINE would not take them."""
    if any(each.mode != "RGBA" for each in scaled.values()):
        return None
    files = {size: _png(each, SIZES[size][1]) for size, each in scaled.items()}
    return None if any(len(files[size]) > SIZES[size][1] for size in files) else files


def _png(picture: Image.Image, most: int) -> bytes:
    content = _saved(picture, "PNG")
    if len(content) <= most:
        return content
    return _saved(picture.quantize(256, Image.Quantize.FASTOCTREE), "PNG")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _jpeg(picture: Image.Image, most: int) -> bytes:
    """Return a JPEG as good as fits; colours are not thinned out, for pictures of shops have letters in them."""
    content = b""
    for quality in _QUALITIES:
        # Neither optimised nor progressive: for that the encoder wants to hold the whole, and fails on busy pictures.
        content = _saved(picture, "JPEG", quality=quality, subsampling=0)
        if len(content) <= most:
            break
    return content


def _saved(picture: Image.Image, kind: str, **how: int | bool) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()
