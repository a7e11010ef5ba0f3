"""`cardsim export` and `cardsim import`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.store import CardStore, read_card_file
from tests.unit.cli.running import clean_environment, process

if TYPE_CHECKING:
    from tests.unit.cli.running import Runner

GOLDEN = Path(__file__).parents[2] / "golden" / "format-1-gen2-2.00.card"
WARNING = {
    "en": "warning: PINs and keys stand in clear in what is written; keep it as you keep them\n",
    "zh": "警告:输出内容含明文 PIN 与密钥;请妥善保管\n",
}


def ssse(plain: Any) -> Any:
    return plain["card"]["contents"][0]


def file(plain: Any, fid: str) -> Any:
    return next(child for child in ssse(plain)["contents"] if child.get("file") == fid)


def export(cardsim: Runner, card: Path, *words: str) -> Any:
    ran = cardsim("export", card, *words)
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_golden_card_goes_there_and_back(cardsim: Runner, tmp_path: Path, language: str) -> None:
    out, card = tmp_path / "golden.json", tmp_path / "golden.card"
    ran = cardsim("--lang", language, "export", GOLDEN, "--keys", "--out", out)
    assert (ran.status, ran.out, ran.err) == (0, "", WARNING[language])
    assert cardsim("import", out, "--out", card).status == 0
    copy = tmp_path / "copy.card"
    copy.write_bytes(GOLDEN.read_bytes())
    with CardStore.open(copy) as store:
        store.compact()  # the frames of its commands folded into the image, as an import has them
    assert card.read_bytes() == copy.read_bytes()


def test_without_keys_it_says_nothing_secret(cardsim: Runner, card: Path) -> None:
    ran = cardsim("export", card)
    assert (ran.status, ran.err) == (0, "")
    plain = json.loads(ran.out)
    assert all("value" not in key for key in file(plain, "EF80")["keys"])
    secret = [key["value"] for key in file(export(cardsim, card, "--keys"), "EF80")["keys"]]
    assert not any(value in ran.out for value in secret)


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_what_is_no_file_is_written_to_and_stays(
    cardsim: Runner, card: Path, tmp_path: Path, force: tuple[str, ...]
) -> None:
    out, pipe = tmp_path / "a.json", tmp_path / "pipe"
    assert cardsim("export", card, "--out", out).status == 0
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        assert cardsim("export", card, "--out", pipe, *force).status == 0
        assert read.result(60) == out.read_bytes()
    assert pipe.is_fifo()
    assert process("export", card, "--out", "/dev/stdout", *force).stdout == out.read_bytes()
    with out.with_name("log").open("wb") as log:  # what is open already is gone on with
        log.write(b"before\n")
        log.flush()
        words = (sys.executable, "-m", "cardsim", "export", str(card), "--out", "/dev/stdout", *force)
        subprocess.run(words, stdout=log, env=clean_environment(), timeout=60, check=True)
        log.write(b"after\n")
    assert out.with_name("log").read_bytes() == b"before\n" + out.read_bytes() + b"after\n"
    assert "No space left" in cardsim.refused("export", card, "--out", "/dev/full", *force, status=1)


def test_keys_come_from_the_test_keyring_again(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    out, copy = tmp_path / "a.json", tmp_path / "b.card"
    assert cardsim("export", card, "--out", out).status == 0
    ran = cardsim("import", out, "--out", copy, "--pin", "123456")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"{copy}: gen2 card, layout 2.00\n"
    assert read_card_file(copy) == read_card_file(card)
    assert copy.read_bytes() == card.read_bytes()


def test_another_keystore_has_other_keys(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    out, store, phrase = tmp_path / "a.json", tmp_path / "k.keystore", tmp_path / "phrase"
    phrase.write_text("secret words\n", encoding="utf-8")
    assert cardsim("keys", "init", store, "--passphrase-file", phrase).status == 0
    assert cardsim("export", card, "--out", out).status == 0
    words = ("import", out, "--out", tmp_path / "b.card", "--pin", "123456", "--keystore", store)
    message = cardsim.refused(*words, "--passphrase-file", phrase)
    assert "/EF80/key 2/kcv: " in message
    assert "it is another key" in message


def test_a_pin_is_not_made_up(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    assert cardsim("export", card, "--out", out).status == 0
    assert "PIN HRSS has no 'value': give it with --pin" in cardsim.refused("import", out, "--out", tmp_path / "b.card")
    text = cardsim.refused("--lang=zh", "import", out, "--out", tmp_path / "b.card")
    assert "PIN HRSS 缺少 'value':请用 --pin 给出" in text
    assert not (tmp_path / "b.card").exists()


def test_a_gen3_card_without_keys_goes_there_and_back(cardsim: Runner, tmp_path: Path) -> None:
    card, out, copy = tmp_path / "a.card", tmp_path / "a.json", tmp_path / "b.card"
    assert cardsim("new", "--chip", "gen3", "--out", card).status == 0
    assert cardsim("export", card, "--out", out).status == 0
    words: tuple[str | Path, ...] = ("import", out, "--out", copy)
    for option, pin in (("--pin", "123456"), ("--user-pin", "123456"), ("--admin-pin", "12345678")):
        assert f"give it with {option}" in cardsim.refused(*words)
        words = (*words, option, pin)
    ran = cardsim(*words)
    assert (ran.status, ran.err) == (0, "")
    assert copy.read_bytes() == card.read_bytes()


def test_a_transport_code_is_secret(cardsim: Runner, tmp_path: Path) -> None:
    code = "1122334455667788"
    card, out, copy = tmp_path / "a.card", tmp_path / "a.json", tmp_path / "b.card"
    assert cardsim("new", "--chip", "gen3", "--blank", "--transport-key", code, "--out", card).status == 0
    assert code in cardsim("export", card, "--keys").out
    assert code not in cardsim("export", card).out
    assert cardsim("export", card, "--out", out).status == 0
    assert cardsim("import", out, "--out", copy).status == 0
    assert read_card_file(copy)[0].profile.native_transport_key == b"\xff" * 8
    assert cardsim("import", out, "--out", copy, "--transport-key", code, "--force").status == 0
    assert copy.read_bytes() == card.read_bytes()
    assert "native_transport_key" in cardsim.refused("import", out, "--out", copy, "--transport-key", "1", "--force")


def test_an_edited_value(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    plain = export(cardsim, card, "--keys")
    name = next(item for item in file(plain, "EF06")["records"] if item["tag"] == "09")
    name["value"] = "张三"
    edited, copy = tmp_path / "edited.json", tmp_path / "b.card"
    edited.write_text(json.dumps(plain), encoding="utf-8")
    assert "--prefer" in cardsim.refused("import", edited, "--out", copy)
    assert cardsim("import", edited, "--out", copy, "--prefer", "value").status == 0
    ran = cardsim("read", "--card", copy)
    assert "张三" in ran.out


def test_the_message_names_file_and_place(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    plain = export(cardsim, card, "--keys")
    file(plain, "EF05")["records"][0]["hex"] = "zz"
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(plain), encoding="utf-8")
    message = cardsim.refused("import", edited, "--out", tmp_path / "b.card")
    assert message.startswith(f"cardsim: {edited}: 3F00/")
    assert "/EF05/record 1/hex: 'z' is not a hexadecimal digit" in message
    assert f"{edited}:3F00/" in cardsim.refused("--lang=zh", "import", edited, "--out", tmp_path / "b.card")


def test_what_is_written_is_the_owners_alone(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    assert cardsim("export", card, "--keys", "--out", out).status == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) in ([card, out], [out, card])


def test_nothing_is_replaced_unasked(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    out.write_text("mine", encoding="utf-8")
    assert "a.json exists; give --force" in cardsim.refused("export", card, "--out", out)
    assert out.read_text(encoding="utf-8") == "mine"
    assert cardsim("export", card, "--out", out, "--force").status == 0
    before = card.read_bytes()
    assert "is a card file; give another name" in cardsim.refused("export", card, "--out", card, "--force")
    assert cardsim("export", card, "--keys", "--out", out, "--force").status == 0
    assert "exists; give --force" in cardsim.refused("import", out, "--out", card)
    assert card.read_bytes() == before
    assert cardsim("import", out, "--out", card, "--force").status == 0
    assert card.read_bytes() == before


def test_places_that_can_not_be_written(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "a.json"
    for words in (("export", card), ("certs", "chain"), ("new", "--chip", "gen2"), ("certs", "export", "ca-key")):
        assert "o such file or directory" in cardsim.refused(*words, "--out", nowhere)
    assert "文件或目录不存在" in cardsim.refused("--lang=zh", "export", card, "--out", nowhere)
    assert "is a directory" in cardsim.refused("export", card, "--out", tmp_path, "--force")
    assert "is no file name" in cardsim.refused("export", card, "--out", "a\0b")
    out = tmp_path / "a.json"
    assert cardsim("export", card, "--keys", "--out", out).status == 0
    assert "--out '' names no file" in cardsim.refused("import", out, "--out", "")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 1}', b"null", b'{"a": 1, "a": 2}'])
def test_what_is_no_export(cardsim: Runner, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert str(path) in cardsim.refused("import", path, "--out", tmp_path / "b.card")


def test_what_is_no_card(cardsim: Runner, tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(b"%PDF")
    assert "is not a card file" in cardsim.refused("export", path)


@pytest.mark.parametrize("depth", [33, 250, 480, 5_000])
def test_what_is_nested_too_deep(cardsim: Runner, card: Path, tmp_path: Path, depth: int) -> None:
    inside = '{"directory": "3F01", "aid": "", "free": 0, "contents": ['
    path = tmp_path / "deep.json"
    path.write_text(
        '{"format": "cardsim card 1", "profile": {"chip": "gen2"}, "layout": "2.00", "printed": {}, "memory": 32768, '
        f'"card": {inside * depth}{"]}" * depth}}}',
        encoding="utf-8",
    )
    for words in (("import", path, "--out", tmp_path / "out.card"), ("diff", path, card), ("apply", path)):
        said = cardsim.refused(*words) if words[0] != "apply" else cardsim.refused(*words, "--card", card)
        assert "more than 64 objects and lists inside each other" in said or "is not JSON: maximum recursion" in said
