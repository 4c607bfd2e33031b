"""The run folder's lock file, which follows the protocol of wsban's other engines."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import threading
import time
from pathlib import Path

from errors import TrainingError

STALE_AFTER = 60.0  # seconds without a heartbeat of a holder on another machine


class Lock:
    """Excludes other processes from a run folder.

    Takes over the lock of a process that died. Raises a TrainingError if the holder
    is alive.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "lock"
        folder.mkdir(parents=True, exist_ok=True)
        acquired = _acquire(self.file)
        if isinstance(acquired, Busy):
            raise TrainingError(
                "run-in-use",
                f"{acquired.holder} is already training into {folder}",
                f"wait for it or stop it; if nothing trains there, remove {self.file}",
            )
        self.text = acquired
        threading.Thread(target=self._heartbeat, daemon=True).start()

    def release(self) -> None:
        _remove(self.file, self.text)

    def _heartbeat(self) -> None:
        while True:
            time.sleep(5)
            try:
                os.utime(self.file)
            except OSError:
                return


class Busy:
    def __init__(self, holder: str) -> None:
        self.holder = holder


def temporary_beside(path: Path) -> Path:
    return path.with_name(f".wsban-{os.getpid()}-{secrets.token_hex(4)}.tmp")


def is_lock(text: str) -> bool:
    try:
        found = json.loads(text)
        return isinstance(found["process"], int) and isinstance(found["host"], str)
    except (ValueError, KeyError, TypeError):
        return False


def is_alive(process: int, start_time: str | None = None) -> bool:
    """Whether a process runs; with a start time, whether it is the same process."""
    current = _start_time(process)
    if start_time is not None and current is not None:
        return start_time == current
    if process == os.getpid() or current == "ended":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _acquire(file: Path) -> str | Busy:
    """Creates the lock, or replaces that of a process that died. Returns its text.

    Only the holder of a second lock, whose name derives from the content of the stale
    one, may replace it; so no two processes take it over.
    """
    while True:
        found = _inspect(file)
        if isinstance(found, Busy):
            return found
        new_text = _lock_text()
        if found is None:
            if _create(file, new_text):
                return new_text
            continue
        digest = hashlib.sha256(found.encode()).hexdigest()[:16]
        claim_file = file.with_name(f"{file.name}.{digest}")
        claim = _acquire(claim_file)
        if isinstance(claim, Busy):
            return claim
        try:
            if _inspect(file) == found:
                temporary = temporary_beside(file)
                temporary.write_text(new_text)
                temporary.replace(file)
                return new_text
        finally:
            _remove(claim_file, claim)


def _lock_text() -> str:
    holder = {"process": os.getpid(), "host": socket.gethostname()}
    start_time = _start_time(os.getpid())
    began = {"began": start_time} if start_time else {}
    return json.dumps({**holder, **began, "token": secrets.token_hex(8)})


def _create(file: Path, text: str) -> bool:
    """Creates the file together with its content, by a hard link. False if it exists."""
    temporary = temporary_beside(file)
    try:
        temporary.write_text(text)
        os.link(temporary, file)
    except FileExistsError:
        return False
    except (OSError, NotImplementedError):
        return _create_without_links(file, text)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _create_without_links(file: Path, text: str) -> bool:
    try:
        with file.open("x") as lock:
            lock.write(text)
    except FileExistsError:
        return False
    return True


def _remove(file: Path, text: str) -> None:
    """Removes the lock unless another process, which presumed this one dead, took it."""
    try:
        if file.read_text() == text:
            file.unlink()
    except FileNotFoundError:
        pass


def _inspect(file: Path) -> str | Busy | None:
    """Returns the living holder, the text of a stale lock, or None without a lock."""
    try:
        status = file.lstat()
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    old = time.time() - status.st_mtime > STALE_AFTER
    if not text.strip("\0"):
        return text if old else Busy("a process that just began")
    if not is_lock(text):
        return Busy("something that wrote another kind of lock")
    found = json.loads(text)
    process, host = int(found["process"]), str(found["host"])
    if host != socket.gethostname():
        return text if old else Busy(f"process {process} on {host}")
    return Busy(f"process {process}") if is_alive(process, found.get("began")) else text


def _start_time(process: int) -> str | None:
    """Returns the start time of a process in clock ticks; None outside Linux."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(") ")[2].split(" ")
    return "ended" if fields[0] == "Z" else fields[19]
