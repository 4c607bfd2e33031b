"""Output of a training run: progress, results and errors."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from errors import TrainingError

CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
COMMANDS = re.compile(r"^(\s*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))")


def safe_line(text: str) -> str:
    """Replaces control characters and escapes commands of build services.

    File and class names are untrusted, and must not control a terminal or a log.
    """

    def control_picture(match: re.Match[str]) -> str:
        code = ord(match[0])
        return (
            chr(0x2400 + code)
            if code < 0x20
            else "\u2421"
            if code == 0x7F
            else "\ufffd"
        )

    return COMMANDS.sub(
        lambda match: match[0] + "\\", CONTROLS.sub(control_picture, text)
    )


class Reporter:
    """Prints the messages of the main process, as text or as JSON lines."""

    def __init__(self, json_lines: bool, quiet: bool) -> None:
        self.json_lines = json_lines
        self.quiet = quiet
        self.open_line = False

    def report(self, kind: str, text: str = "", **fields: Any) -> None:
        """Prints a message. An output that is closed is ignored, and training continues."""
        if self.quiet:
            return
        try:
            self._write(kind, text, fields)
        except OSError:
            self.quiet = True
            # Redirects the buffered output, which would fail to be flushed at exit.
            null_device = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(null_device, stream.fileno())

    def _write(self, kind: str, text: str, fields: dict[str, Any]) -> None:
        if self.json_lines:
            print(json.dumps({"kind": kind, "text": text, **fields}), flush=True)
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

    def error(self, error: TrainingError, rank: int) -> None:
        """The main process prints the full error, another process only its message."""
        code, message, help = error.code, error.message, error.help
        if rank == 0:
            text = f"error[{code}]: {safe_line(message)}\n  help: {safe_line(help)}"
            self.report("error", text, code=code, message=message, help=help)
        else:
            print(f"process {rank}: {safe_line(message)}", file=sys.stderr)


def format_duration(seconds: float) -> str:
    """Formats as `minutes:seconds` or `hours:minutes:seconds`."""
    total = max(0, round(seconds))
    hours, minutes = divmod(total // 60, 60)
    text = f"{minutes:02}:{total % 60:02}" if hours else f"{minutes}:{total % 60:02}"
    return f"{hours}:{text}" if hours else text


def peak_memory() -> int:
    """Returns the peak memory of this process in bytes; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
