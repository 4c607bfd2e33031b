"""What is at fault outside of this program, said as wsban says it."""

from __future__ import annotations


class Problem(Exception):
    """A stable code, one sentence with the actual values, and the next step."""

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
