"""What a training run says of itself."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from problems import Problem


class Teller:
    """What the first process says: lines for people, or JSON for programs."""

    def __init__(self, json_lines: bool, quiet: bool) -> None:
        self.json_lines = json_lines
        self.quiet = quiet
        self.open_line = False

    def tell(self, kind: str, text: str = "", **more: Any) -> None:
        """A reader or a terminal that is gone ends nothing: what is told is progress."""
        if self.quiet:
            return
        try:
            self._write(kind, text, more)
        except OSError:
            self.quiet = True
            # What is left in the buffer goes nowhere, instead of failing at the end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(nowhere, stream.fileno())

    def _write(self, kind: str, text: str, more: dict[str, Any]) -> None:
        if self.json_lines:
            print(json.dumps({"kind": kind, "text": text, **more}), flush=True)
        elif kind == "progress" and sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self.open_line = True
        elif kind != "progress" and text:
            if self.open_line:
                print(file=sys.stderr)
            self.open_line = False
            print(text, file=sys.stderr, flush=True)

    def problem(self, problem: Problem, rank: int) -> None:
        """The first process tells what all find; another one what it alone found."""
        code, message, help = problem.code, problem.message, problem.help
        if rank == 0:
            text = f"error[{code}]: {message}\n  help: {help}"
            self.tell("error", text, code=code, message=message, help=help)
        else:
            print(f"process {rank}: {message}", file=sys.stderr)


def clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    text = f"{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
    return f"{hours}:{text}" if hours else text


def memory() -> int:
    """The largest this process was, in bytes; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
