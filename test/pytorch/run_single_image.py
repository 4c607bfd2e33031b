"""Compares gradients of batch norm over one image and over two in every memory format, in float32 and in float64.

Prints for each combination the largest difference, relative to the largest gradient.
"""

import json
import sys

import torch
from torch import nn

sys.path.insert(0, sys.argv[1])
from single_image_batch_norm import make_contiguous  # noqa: E402

formats = torch.contiguous_format, torch.channels_last


def gradient(images, dtype, memory_format, transposed):
    """The input's gradient for a loss on a product of the flattened maps.

    The gradient that reaches the batch norm is contiguous, or channels-last if the product is of the transposed maps.
    """
    torch.manual_seed(1)
    x = torch.randn(images, 3, 4, 5).to(dtype).requires_grad_()
    weight = torch.randn(images, 7, 20).to(dtype)
    model = nn.Sequential(nn.BatchNorm2d(3)).to(dtype)
    make_contiguous(model)
    maps = model(x.contiguous(memory_format=memory_format)).flatten(2)
    product = weight @ maps.transpose(1, 2) if transposed else maps @ weight.transpose(1, 2)
    product.square().sum().backward()
    return x.grad.double()


def difference(images, dtype, memory_format, transposed):
    expected = gradient(images, torch.float64, torch.contiguous_format, False)
    return ((gradient(images, dtype, memory_format, transposed) - expected).abs().max() / expected.abs().max()).item()


types = torch.float32, torch.float64
json.dump(
    [difference(n, dtype, format, way) for n in (1, 2) for dtype in types for format in formats for way in (False, True)],
    sys.stdout,
)
