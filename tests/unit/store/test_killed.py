"""SIGKILL at random moments: a try once charged never returns, and a PIN is the old one or the new one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cardsim.store import CardStore, create_card_file
from tests.unit.store.cards import RIGHT, SMALL, asked, change_pin, gen2_file, left, opened, sw
from tests.unit.store.killed import CardUsers, pin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEVER, ALWAYS, OFTEN = 1 << 20, 0, 60


@pytest.fixture(scope="module")
def users() -> Iterator[CardUsers]:
    with CardUsers() as users:
        yield users


def let_pass(chance: random.Random) -> None:
    """Be busy for up to a tenth of a millisecond or two: about as long as a command takes with its way there."""
    for _ in range(chance.randrange(8_000)):
        pass


@pytest.mark.parametrize(("seed", "fold_at"), [(1, NEVER), (2, NEVER), (3, ALWAYS), (4, OFTEN)])
def test_a_try_once_charged_never_returns(users: CardUsers, tmp_path: Path, seed: int, fold_at: int) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    path = tmp_path / "a.card"
    gen2_file(path, pin_limit=15)
    before = 15
    after_blocking = 0
    while after_blocking < 2:
        users.start("count", 0, fold_at, path)
        if chance.random() < 0.9:
            assert users.report() == "ready"
        reports = []
        for number in reversed(range(chance.randint(1, 2))):
            users.go()
            if number:  # the last command is under way, or done, or not begun, when the process dies
                reports += [report for report in [users.report()] if report != "ready"]
        let_pass(chance)
        reports += users.kill()
        counted = [left(answer) for answer in reports]
        assert counted == [max(before - number, 0) for number in range(1, len(reports) + 1)]
        told = counted[-1] if counted else before
        before = left(asked(path))
        assert before in (told, max(told - 1, 0))
        after_blocking += not before
    with opened(path) as card:
        assert sw(card, RIGHT) == "6983"
        assert sw(card, change_pin("123456", "000000")) == "6983"
    assert asked(path) == "6983"


@pytest.mark.parametrize("fold_at", [NEVER, ALWAYS, OFTEN])
def test_a_pin_is_the_old_one_or_the_new_one(users: CardUsers, tmp_path: Path, fold_at: int) -> None:
    chance = random.Random(fold_at)  # noqa: S311  no secret
    path = tmp_path / "a.card"
    gen2_file(path)
    with opened(path) as card:
        assert sw(card, change_pin("123456", pin(0))) == "9000"
    number = 0
    for _ in range(14):
        users.start("change", number, fold_at, path)
        reports = [users.report() for _ in range(chance.choice((0, 1, 2, 3, 4, 10, 40)))][1:]
        let_pass(chance)
        reports += users.kill()
        wrong, changed = reports[::2], reports[1::2]
        assert wrong == ["63C5"] * len(wrong)
        assert changed == [str(number + 1 + step) for step in range(len(changed))]
        number += len(changed)
        tries = left(asked(path))
        with opened(path) as card:
            is_new = sw(card, bytes.fromhex(f"0020000003{pin(number + 1)}")) == "9000"
            if not is_new:
                assert sw(card, bytes.fromhex(f"0020000003{pin(number)}")) == "9000"
        # 6: nothing since the last report, or the whole change; 5: the wrong PIN; 4: the charge of the change.
        told_wrong = len(wrong) > len(changed)
        assert (tries, is_new) in ([(5, False), (4, False), (6, True)] if told_wrong else [(6, False), (5, False)])
        number += is_new


def test_what_dead_processes_left_stops_nobody(users: CardUsers, tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    gen2_file(path)
    with opened(path) as card:
        assert sw(card, change_pin("123456", pin(0))) == "9000"
    users.start("change", 0, ALWAYS, path)
    users.kill()
    (tmp_path / ".cardsim-leftover.new").write_bytes(b"half a base image")
    with CardStore.open(path) as store:
        store.compact()
    create_card_file(path, SMALL, overwrite=True)
    assert path.stat().st_size < 4_096
