"""The processes that train together under torchrun; without it there is one."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous


class Team:
    def __init__(self, device: str | None) -> None:
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        local = int(os.environ.get("LOCAL_RANK", "0"))
        kind = device or _best_device()
        self.device = torch.device(f"cuda:{local}" if kind == "cuda" else kind)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        if self.size > 1:
            self._join("nccl" if self.device.type == "cuda" else "gloo")

    def _join(self, backend: str) -> None:
        store, _, _ = next(rendezvous("env://"))
        # Addresses of processes before a restart may still be in the store.
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        own = PrefixStore(f"attempt {attempt}", store)
        size, rank = self.size, self.rank
        dist.init_process_group(backend, store=own, world_size=size, rank=rank)

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def wait(self) -> None:
        """Until all have come here."""
        if self.size > 1:
            self.total(torch.zeros(1, device=self.device))

    def leave(self) -> None:
        if self.size > 1:
            dist.destroy_process_group()


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
