"""Runs a command on a terminal of its own, closes that when FILE holds TEXT, and prints how the command ended.

    lost_terminal.py FILE TEXT hangup|silent COMMAND...

hangup: the system sends SIGHUP, as when a window is closed. silent: the command is in another session, where it only notices that reading
and writing fail, as after nohup or a lost connection.
"""

import os
import pty
import select
import signal
import sys
from pathlib import Path


def run(command: list[str], silent: bool, report: int) -> None:
    if not silent:
        os.execvp(command[0], command)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.execvp(command[0], command)
    os.write(report, str(os.waitpid(child, 0)[1]).encode())
    os._exit(0)


def main() -> None:
    file, text, how, *command = sys.argv[1:]
    silent = how == "silent"
    read, write = os.pipe()
    child, master = pty.fork()
    if child == 0:
        run(command, silent, write)
    os.close(write)
    path = Path(file)
    while not (path.exists() and text in path.read_text()):
        if select.select([master], [], [], 0.02)[0]:
            os.read(master, 65536)
    os.close(master)
    status = int(os.read(read, 100)) if silent else os.waitpid(child, 0)[1]
    print(os.waitstatus_to_exitcode(status))


main()
