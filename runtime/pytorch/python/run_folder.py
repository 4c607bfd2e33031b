"""A run folder with its spec, metrics log and checkpoints, as `wsban train` writes it.

After a crash at any time, run.json names a complete checkpoint: first run.json lists
its name, then the checkpoint's folder is renamed into place, then run.json makes it
the last one, then unused checkpoints are removed. Only files that the run wrote are
removed, and links are not followed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import checkpoint as files
from checkpoint import Checkpoint
from errors import TrainingError
from run_lock import is_alive, is_lock, temporary_beside

UNFINISHED = ".wsban-unfinished"
FILES = (
    "run.json",
    "model.wsban",
    "log.jsonl",
    "images.json",
    "validation.json",
    "lock",
)
FOLDERS = ("checkpoints", "tensorboard")


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
        run = RunFolder(path, info)
        for name in [*run.checkpoint_names(), *info.get("written", [])]:
            if not files.NAME.match(name):
                raise TrainingError(
                    "run-unreadable",
                    f"{path / 'run.json'} is not what wsban wrote",
                    "resume another run",
                )
        return run

    @staticmethod
    def create(path: Path, info: dict[str, Any], first: Checkpoint) -> RunFolder:
        require_empty(path)
        run = RunFolder(path, info)
        _write(path / UNFINISHED, "Training began to make a run of this folder.\n")
        (path / "checkpoints").mkdir(exist_ok=True)
        spec = info["spec"]
        _write(path / "model.wsban", spec["files"][spec["entry"]])
        name = files.checkpoint_name(first.state)
        files.remove(run._folder(name))
        files.write(run._folder(name), first, info["model"])
        run.update_info(last=name, written=[name])
        (path / UNFINISHED).unlink()
        return run

    def update_info(self, **changes: Any) -> None:
        """Changes keys of run.json."""
        info = {**self.info, **changes}
        _write(self.path / "run.json", f"{json.dumps(info, indent=2)}\n")
        self.info = info

    def checkpoint_names(self) -> list[str]:
        """Returns the checkpoints in use, from the newest to the oldest."""
        info = self.info
        kept = reversed(info.get("kept", []))
        names = [info.get("last"), info.get("previous"), *kept, info.get("best")]
        return list(dict.fromkeys(name for name in names if name is not None))

    def read_last(self) -> Checkpoint:
        """Reads the last checkpoint. Raises a TrainingError that names an intact one."""
        last: str = self.info["last"]
        try:
            return files.read(self._folder(last))
        except TrainingError as error:
            intact = self._newest_intact(last)
            help = (
                f"{intact} is whole: go back to it with --resume --from {intact}"
                if intact
                else "no other checkpoint is whole: train again into another folder"
            )
            raise TrainingError(error.code, error.message, help) from error

    def rewind_to(self, name: str) -> None:
        """Makes an earlier checkpoint the last one, and forgets later ones."""
        if name not in self.checkpoint_names():
            raise TrainingError(
                "no-checkpoint",
                f"{self.path} has no checkpoint {name}",
                f"it has {', '.join(self.checkpoint_names())}",
            )
        if name == self.info["last"]:
            return
        epoch: int = files.read(self._folder(name)).state["epoch"]
        info = {key: self.info[key] for key in self.info if key != "previous"}
        if (files.epoch_of(info.get("best", "")) or 0) > epoch:
            del info["best"], info["bestScore"]
        kept = [
            other for other in info["kept"] if (files.epoch_of(other) or 0) <= epoch
        ]
        self.info = {**info, "kept": [other for other in kept if other != name]}
        self.update_info(last=name)

    def truncate_log(self, size: int) -> None:
        """Removes records that were written after a checkpoint."""
        if self.log.exists() and self.log.stat().st_size > size:
            with _open(self.log, os.O_WRONLY) as file:
                file.truncate(size)

    def append_record(self, record: dict[str, Any]) -> None:
        """Appends a line to the metrics log."""
        with _open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
            file.write(f"{json.dumps(record)}\n")

    def write_validation(self, epoch: int, predicted: list[int | None]) -> None:
        """Stores the class predicted for each validation image, in their order."""
        content = {"epoch": epoch, "predicted": predicted}
        _write(self.path / "validation.json", f"{json.dumps(content)}\n")

    def save(self, checkpoint: Checkpoint, score: float | None) -> None:
        """Writes a checkpoint. `score` is the validation accuracy at an epoch's end."""
        state = checkpoint.state
        base = files.checkpoint_name(state)
        last = self.info.get("last")
        if last is not None and "-".join(last.split("-")[:2]) == base:
            return
        size = self.log.stat().st_size if self.log.exists() else 0
        name = self._free_name(base)
        self.update_info(written=[*dict.fromkeys([*self._written(), name])])
        complete = checkpoint._replace(state={**state, "logBytes": size})
        files.write(self._folder(name), complete, self.info["model"])
        self._make_last(name, score)

    def is_better(self, score: float | None) -> bool:
        best = self.info.get("bestScore")
        return score is not None and (best is None or score > best)

    def _make_last(self, name: str, score: float | None) -> None:
        last, keep = self.info.get("last"), self.info["keep"]
        kept = [*self.info["kept"]]
        if last and last.startswith("epoch-"):
            kept.append(last)
        better = self.is_better(score)
        self.update_info(
            last=name,
            kept=kept[-keep:] if keep > 0 else [],
            **({"previous": last} if last and keep == 0 else {}),
            **({"best": name, "bestScore": score} if better else {}),
        )
        self.remove_unused()

    def remove_unused(self) -> None:
        """Removes unused checkpoints, and temporary files of dead processes."""
        used = self.checkpoint_names()
        unused = [name for name in self._written() if name not in used]
        for name in unused:
            files.remove(self._folder(name))
        for folder in (self.path / "checkpoints").iterdir():
            if _is_abandoned(folder.name):
                files.remove(folder)
        for file in self.path.iterdir():
            if _is_abandoned(file.name) and _kind(file) == "file":
                file.unlink(missing_ok=True)
        if unused:
            self.update_info(written=used)

    def _written(self) -> list[str]:
        written: list[str] = self.info.get("written", self.checkpoint_names())
        return written

    def _free_name(self, base: str) -> str:
        """Returns the name, with a number if a folder that is not the run's has it."""
        number = 1
        while True:
            name = base if number == 1 else f"{base}-{number}"
            folder = self._folder(name)
            own = name in self._written() and name not in self.checkpoint_names()
            if files.remove(folder) if own else _kind(folder) is None:
                return name
            number += 1

    def _newest_intact(self, excluded: str) -> str | None:
        for name in self.checkpoint_names():
            try:
                if name != excluded:
                    files.read(self._folder(name))
                    return name
            except TrainingError:
                pass
        return None

    def _folder(self, name: str) -> Path:
        return self.path / "checkpoints" / name


def require_empty(path: Path) -> None:
    """Requires an empty folder for a new run, or the remains of an interrupted start."""
    if _kind(path) is None:
        return
    begun = _kind(path / UNFINISHED) == "file"
    names = [file.name for file in sorted(path.iterdir()) if not _is_own(file, begun)]
    if names:
        raise TrainingError(
            "folder-not-empty",
            f"{path} is not a run, and holds {', '.join(names[:5])}"
            + (f" and {len(names) - 5} more" if len(names) > 5 else ""),
            "choose a new folder with --out, or move what is there to another place",
        )


def refuse_links(path: Path) -> None:
    """Rejects links and other unexpected entries in place of the run's files."""
    for name in (*FILES, *FOLDERS):
        kind = _kind(path / name)
        expected = "file" if name in FILES else "folder"
        if kind is not None and kind != expected:
            found = "a link" if kind == "link" else f"not a {expected}"
            raise TrainingError(
                "run-holds-link",
                f"{path / name} is {found}, and training writes only within the run",
                f"put a {expected} in its place",
            )


def _is_own(file: Path, begun: bool) -> bool:
    kind = _kind(file)
    if kind == "file":
        if file.name.split(".")[0] == "lock":
            text = file.read_text(errors="replace")
            return text == "" or is_lock(text)
        if files.TEMPORARY.match(file.name) or file.name == UNFINISHED:
            return True
        return begun and file.name == "model.wsban"
    if kind != "folder" or file.name != "checkpoints":
        return False
    first = files.checkpoint_name(files.INITIAL_STATE)
    return all(
        begun and (child.name == first or files.TEMPORARY.match(child.name))
        for child in file.iterdir()
    )


def _is_abandoned(name: str) -> bool:
    match = files.TEMPORARY.match(name)
    return match is not None and not is_alive(int(match[1]))


def _kind(path: Path) -> str | None:
    if path.is_symlink():
        return "link"
    if path.is_file():
        return "file"
    if path.is_dir():
        return "folder"
    return "other" if path.exists() else None


def _open(path: Path, flags: int) -> Any:
    """Opens a file for writing, unless it is a link."""
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
    return os.fdopen(handle, "a" if flags & os.O_APPEND else "r+", encoding="utf-8")


def _write(path: Path, text: str) -> None:
    temporary = temporary_beside(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        files.sync(temporary)
        temporary.replace(path)
        files.sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
