"""The published transactions, replayed through the card with their random numbers, byte for byte.

Rows (a), (b), (c), PAGE-b and SM4 of facts transit-campus-health-zones 3.6 and 3.7.
"""

from __future__ import annotations

from cardsim.chip.purse.body import PurseState
from tests.unit.purse import demo
from tests.unit.purse.lab import PROVE, SELECT, VERIFY, Lab

A_INIT = "805000020B010000200000112233445510"
A_CREDIT = "805200000B201612161058008AFA5718"
A_LOG = "0000000000000020000200112233445520161216105800"


def test_select_answers_the_public_data() -> None:
    assert Lab(selected=False).send(SELECT) == (
        "6F2E8409A00000000386980701A5219F0C1E9156000000000000030100000000001122334455202401012034010100009000"
    )


def test_load_a() -> None:
    card = Lab(randoms=("C903814D",))
    assert card.run(VERIFY, A_INIT) == "0000000000000000C903814D03976C229000"
    assert card.send(A_CREDIT) == "FA00066D9000"
    assert card.send("805C000204") == "000020009000"
    assert card.send("00B201C417") == A_LOG + "9000"
    assert card.send(f"{PROVE}02020001") == "00000000FA00066D9000"


def test_load_a_with_the_other_random() -> None:
    assert Lab(randoms=("E0B84748",)).run(VERIFY, A_INIT) == "0000000000000000E0B84748EA411F909000"


def test_load_b() -> None:
    keys = {"DLK": "3F01" * 8, "DTK": "34" * 16}
    card = Lab(demo.image(keys=keys, states={2: PurseState(0x1A, 0x17)}), randoms=("06B825D7",))
    assert card.run(VERIFY, "805000020B010000000111223344556610") == "0000001A0017000006B825D7684C81CE9000"
    assert card.send("805200000B201703101107349C8A0625") == "16EAD5169000"
    assert card.send("805C000204") == "0000001B9000"
    assert card.send("00B201C417") == "00170000000000000102112233445566201703101107349000"
    assert card.send(f"{PROVE}02020018") == "0000000016EAD5169000"


def test_load_c() -> None:
    keys = {"DLK": "3F3F3F3F3F3F3F3F1122334455667788", "DTK": "34343434343434341122334455667788"}
    card = Lab(demo.image(keys=keys), randoms=("4E066548",))
    assert card.run(VERIFY, "805000020B010000001066666666666610") == "00000000000000004E0665480D39ADBB9000"
    assert card.send("805200000B20240411212121097E98FE") == "A802863E9000"


def test_load_page_b() -> None:
    card = Lab(demo.image(keys={"DLK": "11223344556677888877665544332211"}), randoms=("11223344",))
    assert card.run(VERIFY, "805000010B010000100000112233445510") == "0000000000000000112233442988AE5A9000"
    assert card.send("805200000B201112212148223A845BF0")[-4:] == "9000"
    assert card.send("805C000104") == "000010009000"


def test_purchase_a() -> None:
    card = Lab(demo.image(states={2: PurseState(0x2000, 1)}), randoms=("584633C9",))
    assert card.send("805001020B01000000010011223344550F") == "0000200000000000000000584633C99000"
    assert card.send("805401000F0000000020161216134600D45737C508") == "8AF270DC66B54A6B9000"
    assert card.send("805C000204") == "00001FFF9000"
    assert card.send(f"{PROVE}06020001") == "66B54A6B8AF270DC9000"


def test_load_under_sm4() -> None:
    card = Lab(demo.image(keys={"DTK40": demo.BLOG}), randoms=("C903814D",))
    assert card.run(VERIFY, "805000020B410000200000112233445510") == "0000000000004104C903814D3AFF9AD79000"
    assert card.send("805200000B20161216105800A48B2716") == "067CC9539000"


def test_purchase_under_sm4() -> None:
    card = Lab(demo.image(keys={"DTK40": demo.BLOG}, states={2: PurseState(0x2000)}), randoms=("584633C9",))
    assert card.send("805001020B41000000010011223344550F") == "0000200000000000004104584633C99000"
    assert card.send("805401000F000000002016121613460076D2492F08") == "F72044D777871E899000"
    assert card.send("805C000204") == "00001FFF9000"
