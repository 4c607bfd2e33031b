"""The processes that train together under torchrun; without it, a single one."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous


class ProcessGroup:
    """The rank of this process, its device, and collective operations.

    Initializes torch.distributed if there is more than one process.
    """

    def __init__(self, device: str | None) -> None:
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        local = int(os.environ.get("LOCAL_RANK", "0"))
        kind = device or _best_device()
        self.device = torch.device(f"cuda:{local}" if kind == "cuda" else kind)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        if self.size > 1:
            self._initialize("nccl" if self.device.type == "cuda" else "gloo")

    def _initialize(self, backend: str) -> None:
        store, _, _ = next(rendezvous("env://"))
        # The store may still contain the addresses of processes before a restart.
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        prefixed = PrefixStore(f"attempt {attempt}", store)
        size, rank = self.size, self.rank
        dist.init_process_group(backend, store=prefixed, world_size=size, rank=rank)

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes the run folder."""
        return self.rank == 0

    def all_reduce(self, values: Tensor) -> Tensor:
        """Sums over all processes, in place, and returns the tensor."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def all_gather_rows(self, rows: Tensor) -> Tensor:
        """Returns the rows of all processes, which may differ in number, on the CPU."""
        counts = torch.zeros(self.size, device=self.device)
        counts[self.rank] = len(rows)
        sizes = [int(count) for count in self.all_reduce(counts).tolist()]
        gathered = torch.zeros(sum(sizes), rows.shape[1], device=self.device)
        start = sum(sizes[: self.rank])
        gathered[start : start + len(rows)] = rows.to(self.device, torch.float32)
        return self.all_reduce(gathered).cpu()

    def barrier(self) -> None:
        """Waits until all processes have reached this call."""
        if self.size > 1:
            self.all_reduce(torch.zeros(1, device=self.device))

    def destroy(self) -> None:
        if self.size > 1:
            dist.destroy_process_group()


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
