"""Checkpoints: folders that are renamed into place when complete, with checksums."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from errors import TrainingError
from run_lock import temporary_beside

State = dict[str, Any]

NAME = re.compile(r"^(epoch|step)-(\d+)(-\d+)?$")
TEMPORARY = re.compile(r"^\.wsban-(\d+)-[0-9a-f]{8}\.tmp$")
CHECKSUMS = "wsban.sha256"  # JSON list of [tensor name, SHA-256 of its bytes]
STATE_CHECKSUM = "wsban.state_sha256"
WEIGHTS, OPTIMIZER_STATE, STATE = (
    "weights.safetensors",
    "optimizer.safetensors",
    "state.json",
)


class Checkpoint(NamedTuple):
    weights: dict[str, Tensor]
    optimizer_state: dict[str, Tensor]  # by keys such as velocity/NAME
    state: State


INITIAL_STATE: State = {
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


def checkpoint_name(state: State) -> str:
    if state["stepInEpoch"] == 0:
        return f"epoch-{state['epoch']:04}"
    return f"step-{state['step']:08}"


def epoch_of(name: str) -> int | None:
    found = NAME.match(name)
    return int(found[2]) if found and found[1] == "epoch" else None


def write(folder: Path, checkpoint: Checkpoint, model: str) -> None:
    """Writes a checkpoint: files are synced before the folder gets its name."""
    temporary = temporary_beside(folder)
    try:
        temporary.mkdir()
        text = f"{json.dumps(checkpoint.state)}\n"
        metadata = {"format": "pt", "model": model}
        _save(checkpoint.weights, temporary / WEIGHTS, metadata)
        digest = hashlib.sha256(text.encode()).hexdigest()
        _save(
            checkpoint.optimizer_state,
            temporary / OPTIMIZER_STATE,
            {STATE_CHECKSUM: digest},
        )
        (temporary / STATE).write_bytes(text.encode())
        for file in temporary.iterdir():
            sync(file)
        temporary.rename(folder)
        sync(folder.parent)
    finally:
        remove(temporary)


def read(folder: Path) -> Checkpoint:
    """Reads a checkpoint. Raises a TrainingError if it is incomplete or damaged."""
    try:
        weights, _ = _load(folder / WEIGHTS)
        optimizer_state, metadata = _load(folder / OPTIMIZER_STATE)
        text = (folder / STATE).read_bytes()
        expected = metadata.get(STATE_CHECKSUM)
        if expected is not None and hashlib.sha256(text).hexdigest() != expected:
            raise _damaged(folder / STATE, "its checksum is another one")
        state = json.loads(text)
    except (OSError, ValueError, SafetensorError) as error:
        raise TrainingError(
            "run-unreadable",
            f"{folder} is no checkpoint that can be read: {error}",
            "resume from another checkpoint",
        ) from error
    return Checkpoint(weights, optimizer_state, {**INITIAL_STATE, **state})


def remove(folder: Path) -> bool:
    """Removes the files that `write` creates, and the folder if it is then empty.

    Follows no links. Returns whether the path is free afterwards.
    """
    if folder.is_symlink() or not folder.is_dir():
        return not (folder.is_symlink() or folder.exists())
    for file in folder.iterdir():
        own = file.name in (WEIGHTS, OPTIMIZER_STATE, STATE) or TEMPORARY.match(
            file.name
        )
        if own and file.is_file() and not file.is_symlink():
            file.unlink()
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _save(tensors: dict[str, Tensor], file: Path, metadata: dict[str, str]) -> None:
    checksums = json.dumps([[name, _sha256(t)] for name, t in tensors.items()])
    save_file(tensors, file, metadata={**metadata, CHECKSUMS: checksums})


def _load(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    tensors = load_file(file)
    with safe_open(file, framework="pt") as opened:
        metadata: dict[str, str] = opened.metadata() or {}
    # Checkpoints of earlier versions have no checksums.
    if CHECKSUMS in metadata:
        expected = dict(json.loads(metadata[CHECKSUMS]))
        if tensors.keys() != expected.keys():
            names = sorted(tensors.keys() ^ expected.keys())
            raise _damaged(file, f"{names[0]!r} is missing, or was not written")
        for name, tensor in tensors.items():
            if _sha256(tensor) != expected[name]:
                reason = f"the values of {name} are not those that were written"
                raise _damaged(file, reason)
    return tensors, metadata


def _sha256(tensor: Tensor) -> str:
    values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(values.numpy().data).hexdigest()


def _damaged(path: Path, reason: str) -> TrainingError:
    return TrainingError(
        "weights-damaged",
        f"{path} has changed since it was written: {reason}",
        "resume from another checkpoint: --resume --from NAME",
    )
