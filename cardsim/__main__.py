from __future__ import annotations

import sys

from cardsim.cli import main

sys.exit(main())
