"""Handlers for the signals that stop training."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


class StopSignals:
    """Requests a stop after the current step.

    The first SIGINT or SIGTERM sets `requested`; the second ends the process
    immediately with exit code 130. SIGHUP sets `requested` as well, unless it is
    ignored (nohup).
    """

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        hang_up = getattr(signal, "SIGHUP", None)
        if hang_up and signal.getsignal(hang_up) != signal.SIG_IGN:
            signal.signal(hang_up, self._on_hang_up)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            os._exit(130)
        self.requested = True

    def _on_hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True

    def follow_parent(self) -> None:
        """Requests a stop when the parent process closes standard input or ends."""

        def watch() -> None:
            # Not sys.stdin, whose lock would be held when the interpreter exits.
            while os.read(0, 1024):
                pass
            self.requested = True

        threading.Thread(target=watch, daemon=True).start()
