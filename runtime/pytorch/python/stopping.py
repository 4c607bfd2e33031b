"""Being asked to stop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


class Stop:
    """The first Ctrl-C or SIGTERM asks to stop after the step, the second ends at once."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            os._exit(130)
        self.asked = True

    def with_parent(self) -> None:
        """Whoever started this holds the other end of standard input: gone, so is this."""

        def watch() -> None:
            # Not sys.stdin: its lock would be held when Python ends.
            while os.read(0, 1024):
                pass
            self.asked = True

        threading.Thread(target=watch, daemon=True).start()
