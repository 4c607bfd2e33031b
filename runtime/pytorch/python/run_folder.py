"""A run: a folder with its spec, its log and its checkpoints, as `wsban train` makes it.

Whenever the machine stops, run.json names a whole checkpoint: a checkpoint's folder
appears by one rename, then run.json names it, then those that are not kept go.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import load_file, save_file
from torch import Tensor

from problems import Problem

State = dict[str, Any]


class Checkpoint(NamedTuple):
    weights: dict[str, Tensor]
    slots: dict[str, Tensor]  # what the optimizer remembers: velocity/NAME
    state: State


BEGINNING: State = {
    "epoch": 0,
    "step": 0,
    "stepInEpoch": 0,
    "position": 0,
    "lossSums": {},
    "logBytes": 0,
    "optimizerSteps": 0,
    "began": {},
    "stale": 0,
}


class RunFolder:
    def __init__(self, path: Path, info: dict[str, Any]) -> None:
        self.path = path
        self.info = info
        self.log = path / "log.jsonl"

    @staticmethod
    def exists(path: Path) -> bool:
        return (path / "run.json").exists()

    @staticmethod
    def open(path: Path) -> RunFolder:
        info = json.loads((path / "run.json").read_text(encoding="utf-8"))
        return RunFolder(path, info)

    @staticmethod
    def create(path: Path, info: dict[str, Any], first: Checkpoint) -> RunFolder:
        run = RunFolder(path, info)
        (path / "checkpoints").mkdir(parents=True, exist_ok=True)
        run.log.unlink(missing_ok=True)
        spec = info["spec"]
        _write(path / "model.wsban", spec["files"][spec["entry"]])
        run.save(first, None)
        return run

    def change(self, **changed: Any) -> None:
        self.info = {**self.info, **changed}
        _write(self.path / "run.json", f"{json.dumps(self.info, indent=2)}\n")

    def read(self) -> Checkpoint:
        """The last checkpoint; a log written after it is cut off."""
        folder = self._folder(self.info["last"])
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        weights = load_file(folder / "weights.safetensors")
        slots = load_file(folder / "optimizer.safetensors")
        return Checkpoint(weights, slots, {**BEGINNING, **state})

    def cut_log(self, size: int) -> None:
        if self.log.exists() and self.log.stat().st_size > size:
            os.truncate(self.log, size)

    def add(self, record: dict[str, Any]) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(record)}\n")

    def save(self, checkpoint: Checkpoint, score: float | None) -> None:
        """`score` is the share of val pictures that are right, at an epoch's end."""
        state = checkpoint.state
        size = self.log.stat().st_size if self.log.exists() else 0
        name = (
            f"epoch-{state['epoch']:04}"
            if state["stepInEpoch"] == 0
            else f"step-{state['step']:08}"
        )
        if name == self.info.get("last"):
            return
        folder = self._folder(name)
        temporary = folder.with_name(f"{name}.{os.getpid()}.tmp")
        try:
            temporary.mkdir(parents=True)
            metadata = {"format": "pt", "model": self.info["model"]}
            weights = temporary / "weights.safetensors"
            save_file(checkpoint.weights, weights, metadata=metadata)
            save_file(checkpoint.slots, temporary / "optimizer.safetensors")
            text = json.dumps({**state, "logBytes": size})
            (temporary / "state.json").write_text(f"{text}\n", encoding="utf-8")
            for file in temporary.iterdir():
                _sync(file)
            shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
            _sync(folder.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._name(name, score)

    def is_better(self, score: float | None) -> bool:
        best = self.info.get("bestScore")
        return score is not None and (best is None or score > best)

    def _name(self, name: str, score: float | None) -> None:
        last, keep = self.info.get("last"), self.info["keep"]
        kept = [*self.info["kept"]]
        if last and last.startswith("epoch-"):
            kept.append(last)
        better = self.is_better(score)
        self.change(
            last=name,
            kept=kept[-keep:] if keep > 0 else [],
            **({"best": name, "bestScore": score} if better else {}),
        )
        self.remove_unused()

    def remove_unused(self) -> None:
        used = {self.info.get("last"), self.info.get("best"), *self.info["kept"]}
        for folder in (self.path / "checkpoints").iterdir():
            if folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, name: str) -> Path:
        return self.path / "checkpoints" / name


class Lock:
    """Nobody else trains into the folder; a lock of a process that died is taken over."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "lock"
        folder.mkdir(parents=True, exist_ok=True)
        while not self._take():
            holder = self._holder()
            if holder:
                raise Problem(
                    "run-in-use",
                    f"{holder} trains into {folder}",
                    f"wait for it or stop it; if nothing trains there, remove {self.file}",
                )
            self.file.unlink(missing_ok=True)
        threading.Thread(target=self._beat, daemon=True).start()

    def release(self) -> None:
        self.file.unlink(missing_ok=True)

    def _take(self) -> bool:
        own = {"process": os.getpid(), "host": socket.gethostname()}
        began = _began(os.getpid())
        try:
            with self.file.open("x") as file:
                json.dump({**own, "began": began} if began else own, file)
        except FileExistsError:
            return False
        return True

    def _holder(self) -> str | None:
        try:
            old = time.time() - self.file.stat().st_mtime > 60
            found = json.loads(self.file.read_text())
            process, host = int(found["process"]), str(found["host"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError):
            return None if old else "a process that just began"
        if host != socket.gethostname():
            return None if old else f"process {process} on {host}"
        return f"process {process}" if _lives(process, found.get("began")) else None

    def _beat(self) -> None:
        while True:
            time.sleep(5)
            try:
                os.utime(self.file)
            except OSError:
                return


def _began(process: int) -> str | None:
    """When a process began, as Linux counts; nothing elsewhere."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(") ")[2].split(" ")
    return "ended" if fields[0] == "Z" else fields[19]


def _lives(process: int, began: str | None) -> bool:
    now = _began(process)
    if began is not None and now is not None:
        return began == now
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return process != os.getpid()


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
