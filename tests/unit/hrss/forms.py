"""The forms that a line MAC takes: key and IV by the setting line_mac, challenges of 4 and 8 bytes."""

from __future__ import annotations

from itertools import product

import pytest

FORMS = tuple(product(("session", "challenge-iv"), (4, 8)))
each_form = pytest.mark.parametrize(("line_mac", "size"), FORMS, ids=[f"{line}, {size} bytes" for line, size in FORMS])
