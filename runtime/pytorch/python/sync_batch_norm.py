"""Batch norm with the statistics of all processes, on any device.

torch.nn.SyncBatchNorm is faster, but it supports accelerators only.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class SyncBatchNorm2d(nn.BatchNorm2d):
    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        x = input.float()
        count = x.numel() / x.shape[1] * dist.get_world_size()
        mean = _sum_over_processes(x.sum((0, 2, 3))) / count
        centred = x - mean.view(1, -1, 1, 1)
        variance = _sum_over_processes(centred.square().sum((0, 2, 3))) / count
        self._update_running_stats(
            mean.detach(), variance.detach() * count / max(1, count - 1)
        )
        factor = self.weight * (variance + self.eps).rsqrt()
        out: Tensor = centred * factor.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
        return out.to(input.dtype)

    @torch.no_grad()
    def _update_running_stats(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None
        self.running_mean.lerp_(mean, self.momentum or 0.0)
        self.running_var.lerp_(variance, self.momentum or 0.0)


class AllReduceSum(torch.autograd.Function):
    """The sum over all processes; so is its gradient."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return _all_reduced(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _all_reduced(gradients[0])


def _all_reduced(values: Tensor) -> Tensor:
    total = values.clone()
    dist.all_reduce(total)
    return total


def _sum_over_processes(values: Tensor) -> Tensor:
    total: Tensor = AllReduceSum.apply(values)
    return total


def convert_batch_norm(model: nn.Module, device: torch.device) -> nn.Module:
    """Replaces the batch norms of a model with synchronized ones. Returns the model."""
    if device.type == "cuda":
        synced: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return synced
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                replacement = SyncBatchNorm2d(
                    child.num_features, child.eps, child.momentum
                )
                replacement.load_state_dict(child.state_dict())
                module._modules[name] = replacement.to(child.weight.device)
    return model
