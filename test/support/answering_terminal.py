"""Runs a command on a terminal of its own, answers its questions, prints what it wrote, and ends with its exit code.

    answering_terminal.py QUESTIONS COMMAND...

QUESTIONS is a JSON list of pairs: a text that the command writes, and the keys that are pressed when it has.
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios
import time


def wait_for_raw_mode(master: int) -> None:
    """Until the command reads single keys: those pressed before may be lost."""
    while termios.tcgetattr(master)[3] & termios.ICANON:
        time.sleep(0.01)


def main() -> None:
    questions = json.loads(sys.argv[1])
    child, master = pty.fork()
    if child == 0:
        # A new terminal has no columns, so every line would be wrapped.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
        os.execvp(sys.argv[2], sys.argv[2:])
    written = b""
    seen = 0
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux's end of a terminal
            break
        if not piece:
            break
        written += piece
        while questions:
            text, keys = questions[0]
            at = written.find(text.encode(), seen)
            if at < 0:
                break
            wait_for_raw_mode(master)
            seen = at + len(text.encode())
            os.write(master, keys.encode())
            questions.pop(0)
    sys.stdout.buffer.write(written)
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()
