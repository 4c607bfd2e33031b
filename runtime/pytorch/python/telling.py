"""What a training run says of itself."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from problems import Problem

CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
COMMANDS = re.compile(r"^(\s*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))")


def safe_line(text: str) -> str:
    """The text without what a terminal or a build service's log would obey: names of files and classes come from outside."""

    def control_picture(match: re.Match[str]) -> str:
        code = ord(match[0])
        return (
            chr(0x2400 + code)
            if code < 0x20
            else "\u2421"
            if code == 0x7F
            else "\ufffd"
        )

    return COMMANDS.sub(lambda match: match[0] + "\\", CONTROLS.sub(control_picture, text))


class Teller:
    """What the first process says: lines for people, or JSON for programs."""

    def __init__(self, json_lines: bool, quiet: bool) -> None:
        self.json_lines = json_lines
        self.quiet = quiet
        self.open_line = False

    def tell(self, kind: str, text: str = "", **more: Any) -> None:
        """Training continues without a reader or a terminal: the output is only progress."""
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
            print(f"\r\x1b[K{safe_line(text)}", end="", file=sys.stderr, flush=True)
            self.open_line = True
        elif kind != "progress" and text:
            if self.open_line:
                print(file=sys.stderr)
            self.open_line = False
            print(
                "\n".join(map(safe_line, text.split("\n"))), file=sys.stderr, flush=True
            )

    def problem(self, problem: Problem, rank: int) -> None:
        """The first process tells what all find; another one what it alone found."""
        code, message, help = problem.code, problem.message, problem.help
        if rank == 0:
            text = f"error[{code}]: {safe_line(message)}\n  help: {safe_line(help)}"
            self.tell("error", text, code=code, message=message, help=help)
        else:
            print(f"process {rank}: {safe_line(message)}", file=sys.stderr)


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
