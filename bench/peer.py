"""What benches share: a peer's own code, turns, and figures of them."""

import re
import statistics
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from scipy import ndimage
from torch import nn


def inception_to_mixed_6e() -> nn.Sequential:
    """torchvision's InceptionV3 with fresh weights: 768 maps."""
    whole = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=False, transform_input=False)
    stages = []
    for name, stage in whole.named_children():
        stages.append(stage)
        if name == "Mixed_6e":
            break
    return nn.Sequential(*stages)


def attention_head(maps: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(768, maps, 1, bias=False), nn.BatchNorm2d(maps, eps=1e-3), nn.ReLU())


def signed_root_pool(features: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Bilinear attention pooling and the signed root: [batch, maps, channels]."""
    parts = torch.matmul(maps.flatten(2), features.flatten(2).transpose(1, 2)) / (features.shape[2] * features.shape[3])
    return torch.sign(parts) * torch.sqrt(parts.abs() + 1e-12)


def boxes_of(guides: np.ndarray, threshold: float, margin: float = 0.0) -> np.ndarray:
    """Around the largest component of each guide, as shares of it: y1, x1, y2, x2."""
    boxes = []
    for guide in guides:
        found, _ = ndimage.label(guide >= threshold * guide.max(), np.ones((3, 3)))
        largest = np.bincount(found.ravel())[1:].argmax() + 1
        rows, columns = ndimage.find_objects(found)[largest - 1]
        height, width = guide.shape
        boxes.append([rows.start / height - margin, columns.start / width - margin, rows.stop / height + margin, columns.stop / width + margin])
    return np.clip(np.array(boxes), 0, 1)


def milliseconds(run) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


def in_turns(ways: dict, runs: int, warm_up: int = 1) -> dict[str, list[float]]:
    """Milliseconds of each way, one after the other in every turn; a way gives its own."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(runs + warm_up):
        for name, way in ways.items():
            took = way()
            if turn >= warm_up:
                times[name].append(took)
    return times


def ratios(ours: list[float], theirs: list[float]) -> str:
    pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f})"


def peak_of_this_process() -> float:
    """MB. Of this program alone: what getrusage says begins with the peak of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000
