"""The error that is reported to the user, in the form of wsban's own errors."""

from __future__ import annotations


class TrainingError(Exception):
    """An error whose cause is outside this program, such as the data or the options.

    `code` is stable, `message` one sentence with the actual values, and `help` the
    next step.
    """

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
