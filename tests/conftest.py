from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    import pytest

# No test asserts a time: a loaded machine is no fault. CI tries the same examples each time, developers ever new ones.
settings.register_profile("cardsim", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("cardsim")

_WITHOUT_PCSC = "--without-pcsc"


def pytest_configure(config: pytest.Config) -> None:
    """Let the programs that tests start find compiled modules also where none are to be written into the tree."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ["PYTHONPYCACHEPREFIX"] = str(config.rootpath / ".pytest_cache" / "bytecode")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        _WITHOUT_PCSC,
        action="store_true",
        help="leave out the tests that need pcscd, vpcd and pyscard, which fail where these are missing",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    if config.getoption(_WITHOUT_PCSC):
        return f"{_WITHOUT_PCSC}: the tests marked pcsc are left out, nothing is tested through the PC/SC stack"
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption(_WITHOUT_PCSC):
        return
    left_out = [item for item in items if item.get_closest_marker("pcsc")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("pcsc")]
