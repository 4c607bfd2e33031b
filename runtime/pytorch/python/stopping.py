"""Being asked to stop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


class Stop:
    """The first Ctrl-C or SIGTERM asks to stop after the step, the second ends at once.

    So does a terminal that is closed, however often, unless nohup keeps that away.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)
        hang_up = getattr(signal, "SIGHUP", None)
        if hang_up and signal.getsignal(hang_up) != signal.SIG_IGN:
            signal.signal(hang_up, self._hear_softly)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            os._exit(130)
        self.asked = True

    def _hear_softly(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def with_parent(self) -> None:
        """Whoever started this holds the other end of standard input: gone, so is this."""

        def watch() -> None:
            # Not sys.stdin: its lock would be held when Python ends.
            while os.read(0, 1024):
                pass
            self.asked = True

        threading.Thread(target=watch, daemon=True).start()
