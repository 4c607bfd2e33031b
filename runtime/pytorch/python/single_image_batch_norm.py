"""A workaround for wrong gradients of batch norm over one image on the CPU.

PyTorch 2.15 reads a gradient in the memory format of the input. For a batch of
one image it does so even where the two formats differ, and mixes up channels
and positions. With contiguous tensors on both sides the gradient is right.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


def make_contiguous(model: nn.Module) -> None:
    """Gives batch norms over one image contiguous inputs and gradients."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_pre_hook(_contiguous_input)
            module.register_forward_hook(_contiguous_gradient)


def _contiguous_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> Any:
    (x,) = inputs
    return (x.contiguous(),) if module.training and x.shape[0] == 1 else None


def _contiguous_gradient(
    module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
) -> None:
    if module.training and inputs[0].shape[0] == 1 and output.requires_grad:
        output.register_hook(Tensor.contiguous)  # type: ignore[no-untyped-call]
