"""Batch norm by the statistics of all processes together, on any device.

torch.nn.SyncBatchNorm is faster and knows only accelerators.
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
        mean = _total(x.sum((0, 2, 3))) / count
        centred = x - mean.view(1, -1, 1, 1)
        variance = _total(centred.square().sum((0, 2, 3))) / count
        self._follow(mean.detach(), variance.detach() * count / max(1, count - 1))
        factor = self.weight * (variance + self.eps).rsqrt()
        out: Tensor = centred * factor.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
        return out.to(input.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None
        self.running_mean.lerp_(mean, self.momentum or 0.0)
        self.running_var.lerp_(variance, self.momentum or 0.0)


class Total(torch.autograd.Function):
    """The sum over all processes; gradients go back to each of them."""

    @staticmethod
    def forward(_ctx: Any, values: Tensor) -> Tensor:
        return _summed(values)

    @staticmethod
    def backward(_ctx: Any, *slopes: Tensor) -> Tensor:
        return _summed(slopes[0])


def _summed(values: Tensor) -> Tensor:
    total = values.clone()
    dist.all_reduce(total)
    return total


def _total(values: Tensor) -> Tensor:
    total: Tensor = Total.apply(values)
    return total


def synchronise(model: nn.Module, device: torch.device) -> nn.Module:
    """The model with its batch norms replaced."""
    if device.type == "cuda":
        synced: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return synced
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                own = SyncBatchNorm2d(child.num_features, child.eps, child.momentum)
                own.load_state_dict(child.state_dict())
                module._modules[name] = own.to(child.weight.device)
    return model
