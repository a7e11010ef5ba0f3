"""Photos and fingerprints: recompressed to fit, written, and read back as files."""

from __future__ import annotations

import io
import random
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from cardsim.cli.cards import InputFileError
from cardsim.cli.photo import fitted_photo
from tests.unit.cli.contents import contents, raw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.cli.running import Runner

ROOM = 4096
SIZE = (358, 441)


def encoded(picture: Image.Image, kind: str = "PNG", **settings: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **settings)
    return out.getvalue()


def noise(size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture that nothing compresses."""
    width, height = size
    dots = random.Random(1).randbytes(3 * width * height)  # noqa: S311  no secret
    return Image.frombytes("RGB", size, dots)


def gradient(size: tuple[int, int] = SIZE) -> Image.Image:
    red = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (red, red.transpose(Image.Transpose.ROTATE_180), red))


def opened(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.format == "JPEG"
        picture.load()
        return picture


PICTURES: list[Callable[[], bytes]] = [
    lambda: encoded(noise()),
    lambda: encoded(gradient()),
    lambda: encoded(noise(), "JPEG", quality=95),
    lambda: encoded(gradient((3000, 2000)), "JPEG", quality=95),
    lambda: encoded(gradient((40, 40)).convert("RGBA")),
    lambda: encoded(gradient((40, 40)).convert("P"), "GIF"),
    lambda: encoded(noise((60, 60)).convert("L"), "BMP"),
    lambda: encoded(noise((1, 1))),
]


@pytest.mark.parametrize("way", ["write", "new"])
@pytest.mark.parametrize("picture", PICTURES)
def test_any_picture_is_read_back_as_a_jpeg(
    cardsim: Runner, card: Path, tmp_path: Path, picture: Callable[[], bytes], way: str
) -> None:
    (tmp_path / "picture").write_bytes(picture())
    if way == "write":
        assert cardsim("write", "--card", card, f"EF08=@{tmp_path / 'picture'}").out == "EF08  written and verified\n"
    else:
        (tmp_path / "holder.json").write_text('{"photo": "picture"}')
        words = ("new", "--chip", "gen2", "--holder", tmp_path / "holder.json", "--out", card, "--force")
        assert cardsim(*words).status == 0
    ran = cardsim("read", "--card", card, "--auth", "hsm", "--save", tmp_path)
    saved = (tmp_path / "photo.jpg").read_bytes()
    assert (ran.status, ran.err) == (0, f"{tmp_path / 'photo.jpg'}: {len(saved)} bytes\n")
    assert f"  {len(saved)} of 4096 bytes (JPEG)\n" in ran.out
    assert raw(contents(cardsim, card), "SSSE/EF08") == saved.ljust(ROOM, b"\x00").hex().upper()
    assert not (tmp_path / "fingerprint.bin").exists()
    width, height = opened(saved).size
    assert width <= SIZE[0]
    assert height <= SIZE[1]


def test_the_size_in_pixels_is_kept_as_long_as_it_can_be() -> None:
    smooth = opened(fitted_photo(encoded(gradient()), ROOM, "x"))
    assert smooth.size == SIZE
    rough = opened(fitted_photo(encoded(noise()), ROOM, "x"))
    assert rough.width < SIZE[0]
    assert abs(rough.width / rough.height - SIZE[0] / SIZE[1]) < 0.01


def test_the_picture_stays_the_same_picture() -> None:
    small = opened(fitted_photo(encoded(gradient()), ROOM, "x"))
    for place in ((10, 10), (179, 220), (340, 430)):
        before, after = gradient().getpixel(place), small.getpixel(place)
        assert isinstance(before, tuple)
        assert isinstance(after, tuple)
        assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 20


@pytest.mark.parametrize("room", [4096, 2048, 1000, 700])
def test_what_comes_out_fits(room: int) -> None:
    jpeg = fitted_photo(encoded(noise()), room, "x")
    assert room // 2 < len(jpeg) <= room
    opened(jpeg)


def test_a_jpeg_that_fits_is_left_as_it_is() -> None:
    jpeg = encoded(gradient((100, 100)), "JPEG")
    assert fitted_photo(jpeg, ROOM, "x") == jpeg
    assert fitted_photo(jpeg, len(jpeg), "x") == jpeg
    assert fitted_photo(jpeg, len(jpeg) - 1, "x") != jpeg


def test_a_picture_taken_sideways_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees
    out = io.BytesIO()
    noise((400, 200)).save(out, "JPEG", exif=exif)
    picture = opened(fitted_photo(out.getvalue(), ROOM, "x"))
    assert picture.height == 2 * picture.width


def test_a_small_photo_replaces_a_large_one(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    for picture in (noise(), gradient((30, 30))):
        (tmp_path / "p.png").write_bytes(encoded(picture))
        assert cardsim("write", "--card", card, f"EF08=@{tmp_path / 'p.png'}").status == 0
    assert cardsim("read", "--card", card, "--auth", "hsm", "--save", tmp_path).status == 0
    assert opened((tmp_path / "photo.jpg").read_bytes()).size == (30, 30)


# --- what is no picture ---


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a text, no picture",
        b"\xff\xd8" + bytes(5000),
        encoded(gradient())[:1000],
        encoded(noise((50, 50)), "BMP")[:200],
        encoded(gradient((40, 40)), "GIF")[:60],
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"II*\x00" + b"\xff" * 100,
    ],
)
def test_what_is_no_picture(cardsim: Runner, card: Path, tmp_path: Path, content: bytes) -> None:
    before = card.read_bytes()
    path = tmp_path / "p.jpg"
    path.write_bytes(content)
    (tmp_path / "holder.json").write_text('{"photo": "p.jpg"}')
    new = ("new", "--chip", "gen2", "--holder", tmp_path / "holder.json", "--out", tmp_path / "b.card")
    for words, name in ((("write", "--card", card, f"EF08=@{path}"), f"EF08: {path}"), (new, "photo")):
        assert cardsim.refused(*words) == f"cardsim: {name} is no picture that can be read\n"
        assert cardsim.refused("--lang", "zh", *words).endswith(" 不是可读取的图片\n")
    assert card.read_bytes() == before


def test_too_many_pixels() -> None:
    """A few bytes that would unpack to gigabytes are refused before they do."""
    for side in (10_000, 20_000):  # Pillow warns of the first and raises at the second
        header = side.to_bytes(4, "little") * 2 + b"\x01\x00\x18\x00"
        bmp = b"BM" + bytes(8) + b"\x36\x00\x00\x00" + b"\x28\x00\x00\x00" + header + bytes(24) + bytes(100)
        with pytest.raises(InputFileError, match="x has too many pixels"):
            fitted_photo(bmp, ROOM, "x")


def test_no_room_at_all() -> None:
    with pytest.raises(InputFileError, match="even the smallest JPEG of it does not fit 100 bytes"):
        fitted_photo(encoded(noise()), 100, "x")


def test_without_pillow(cardsim: Runner, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = tmp_path / "large.png", tmp_path / "small.jpg"
    large.write_bytes(encoded(noise()))
    small.write_bytes(encoded(gradient((30, 30)), "JPEG"))
    (tmp_path / "holder.json").write_text('{"photo": "large.png"}')
    new = ("new", "--chip", "gen2", "--holder", tmp_path / "holder.json", "--out", tmp_path / "b.card")
    before = card.read_bytes()
    monkeypatch.setitem(sys.modules, "PIL", None)
    wanted = "must be made smaller for the card, which needs Pillow: pip install 'cardsim[photo]'\n"
    for words, name in ((("write", "--card", card, f"EF08=@{large}"), f"EF08: {large}"), (new, "photo")):
        assert cardsim.refused(*words) == f"cardsim: {name} {wanted}"
        said = cardsim.refused("--lang", "zh", *words)
        assert said.endswith(" 需要压缩后才能写入卡片,请安装 Pillow:pip install 'cardsim[photo]'\n")
    assert card.read_bytes() == before
    assert cardsim("write", "--card", card, f"EF08=@{small}").status == 0  # one that fits needs no library


# --- other places ---


def test_layout_1_has_no_photo(cardsim: Runner, tmp_path: Path) -> None:
    card = tmp_path / "one.card"
    words = ("new", "--chip", "gen2", "--layout", "1.00", "--out", card)
    assert cardsim(*words).status == 0
    (tmp_path / "p.png").write_bytes(encoded(gradient()))
    said = cardsim.refused("write", "--card", card, f"EF08=@{tmp_path / 'p.png'}")
    assert "layout 1.00 has no file SSSE/EF08; it has SSSE/EF05, SSSE/EF06, SSSE/EF07\n" in said
    (tmp_path / "holder.json").write_text('{"photo": "p.png"}')
    said = cardsim.refused(*words, "--force", "--holder", tmp_path / "holder.json")
    assert said == "cardsim: photo: layout 1.00 has no file for it\n"


def test_a_fingerprint_is_taken_as_it_is(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    content = b"\x00minutiae" + bytes(range(1, 256))
    (tmp_path / "finger").write_bytes(content)
    assert cardsim("write", "--card", card, f"EF07=@{tmp_path / 'finger'}").status == 0
    ran = cardsim("read", "--card", card, "--auth", "hsm", "--save", tmp_path)
    assert ran.err == f"{tmp_path / 'fingerprint.bin'}: {len(content)} bytes\n"
    assert (tmp_path / "fingerprint.bin").read_bytes() == content
    (tmp_path / "finger").write_bytes(bytes(1025))
    said = cardsim.refused("write", "--card", card, f"EF07=@{tmp_path / 'finger'}")
    assert said == "cardsim: EF07: 1025 bytes; the file holds 1024\n"


@pytest.mark.parametrize("auth", [(), ("--auth", "hsm")])
def test_nothing_to_save(cardsim: Runner, card: Path, tmp_path: Path, auth: tuple[str, ...]) -> None:
    there = set(tmp_path.iterdir())
    for language, message in (("en", "nothing to save: "), ("zh", "没有可保存的内容:")):
        ran = cardsim("--lang", language, "read", "--card", card, "--save", tmp_path, *auth)
        assert ran.status == 0
        assert ran.err.startswith(message)
    assert set(tmp_path.iterdir()) == there


def test_a_place_where_nothing_can_be_saved(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    assert cardsim("write", "--card", card, "EF07=0102").status == 0
    words = ("read", "--card", card, "--auth", "hsm", "--save")
    assert "Not a directory" in cardsim.refused(*words, card / "new")
    assert cardsim(*words, tmp_path / "new").status == 0
    saved = tmp_path / "new" / "fingerprint.bin"
    assert saved.read_bytes() == b"\x01\x02"
    before = card.read_bytes()
    saved.write_bytes(before)
    assert "is a card file" in cardsim(*words, tmp_path / "new").err
    assert saved.read_bytes() == before
