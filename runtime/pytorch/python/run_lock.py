"""A lock file, by the same rules as wsban's own."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import threading
import time
from pathlib import Path

from problems import Problem

DEAD_AFTER = 60.0  # seconds without a sign of life of a holder on another machine


class Lock:
    """Nobody else trains into the folder; a lock of a process that died is taken over."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "lock"
        folder.mkdir(parents=True, exist_ok=True)
        taken = _acquire(self.file)
        if isinstance(taken, Busy):
            raise Problem(
                "run-in-use",
                f"{taken.holder} trains into {folder}",
                f"wait for it or stop it; if nothing trains there, remove {self.file}",
            )
        self.text = taken
        threading.Thread(target=self._beat, daemon=True).start()

    def release(self) -> None:
        _remove(self.file, self.text)

    def _beat(self) -> None:
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


def lives(process: int, began: str | None = None) -> bool:
    now = _began(process)
    if began is not None and now is not None:
        return began == now
    if process == os.getpid() or now == "ended":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _acquire(file: Path) -> str | Busy:
    """Creates the file, or replaces that of a process that died. Returns its text.

    A stale lock is only replaced by the holder of a second lock, whose name comes from
    the stale one's content; so no two processes take it over.
    """
    while True:
        found = _inspect(file)
        if isinstance(found, Busy):
            return found
        own = _own_text()
        if found is None:
            if _create(file, own):
                return own
            continue
        digest = hashlib.sha256(found.encode()).hexdigest()[:16]
        claim_file = file.with_name(f"{file.name}.{digest}")
        claim = _acquire(claim_file)
        if isinstance(claim, Busy):
            return claim
        try:
            if _inspect(file) == found:
                temporary = temporary_beside(file)
                temporary.write_text(own)
                temporary.replace(file)
                return own
        finally:
            _remove(claim_file, claim)


def _own_text() -> str:
    own = {"process": os.getpid(), "host": socket.gethostname()}
    began = _began(os.getpid())
    more = {"began": began} if began else {}
    return json.dumps({**own, **more, "token": secrets.token_hex(8)})


def _create(file: Path, text: str) -> bool:
    """The file appears with its content, where the file system has hard links."""
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
    """Only if it is still that one: another process may have presumed this one dead."""
    try:
        if file.read_text() == text:
            file.unlink()
    except FileNotFoundError:
        pass


def _inspect(file: Path) -> str | Busy | None:
    """The holder, the text of a lock without a holder, or None without a lock."""
    try:
        status = file.lstat()
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    old = time.time() - status.st_mtime > DEAD_AFTER
    if not text.strip("\0"):
        return text if old else Busy("a process that just began")
    if not is_lock(text):
        return Busy("something that wrote another kind of lock")
    found = json.loads(text)
    process, host = int(found["process"]), str(found["host"])
    if host != socket.gethostname():
        return text if old else Busy(f"process {process} on {host}")
    return Busy(f"process {process}") if lives(process, found.get("began")) else text


def _began(process: int) -> str | None:
    """When a process began, as Linux counts; nothing elsewhere."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(") ")[2].split(" ")
    return "ended" if fields[0] == "Z" else fields[19]
