"""Milliseconds an image of WS-BAN on InceptionV3 at 448 x 448, three ways in one process, taking turns:

  ours         the file of `wsban export`: both passes and the crop in one graph, ONNX Runtime
  host loop    ONNX Runtime, one pass exported by torch.onnx run twice, scipy's components and a crop between them
  pytorch      PyTorch eager, the same two passes with the same loop between

    python bench/inference.py [--batch 1] [--runs 10] [--threads 2] [--ours FILE.onnx]

Needs torch, torchvision, scipy, onnx, onnxruntime and numpy. Weights are random: time does not depend on them, boxes hardly.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torchvision
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

root = Path(__file__).resolve().parent.parent
SIZE = 448


class OnePass(nn.Module):
    """Trunk to Mixed_6e, 128 attention maps, BAP, signed root, length 1, classifier."""

    def __init__(self, classes: int = 200, maps: int = 128):
        super().__init__()
        whole = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=False, transform_input=False)
        stages = []
        for name, stage in whole.named_children():
            stages.append(stage)
            if name == "Mixed_6e":
                break
        self.trunk = nn.Sequential(*stages)
        self.attention = nn.Sequential(nn.Conv2d(768, maps, 1, bias=False), nn.BatchNorm2d(maps, eps=1e-3), nn.ReLU())
        self.logits = nn.Linear(maps * 768, classes)

    def forward(self, image):
        features = self.trunk(image)
        maps = self.attention(features)
        cells = features.shape[2] * features.shape[3]
        parts = torch.matmul(maps.flatten(2), features.flatten(2).transpose(1, 2)) / cells
        parts = torch.sign(parts) * torch.sqrt(parts.abs() + 1e-12)
        embedding = F.normalize(parts.flatten(1), dim=1)
        return self.logits(100 * embedding), maps.mean(1)


def boxes_of(guides: np.ndarray, threshold: float = 0.2, margin: float = 0.05) -> np.ndarray:
    boxes = []
    for guide in guides:
        labels, _ = ndimage.label(guide >= threshold * guide.max(), np.ones((3, 3)))
        largest = np.bincount(labels.ravel())[1:].argmax() + 1
        rows, columns = ndimage.find_objects(labels)[largest - 1]
        height, width = guide.shape
        boxes.append([rows.start / height - margin, columns.start / width - margin, rows.stop / height + margin, columns.stop / width + margin])
    return np.clip(np.array(boxes), 0, 1)


def crop(images: torch.Tensor, boxes: np.ndarray) -> torch.Tensor:
    crops = []
    for image, (y1, x1, y2, x2) in zip(images, boxes * SIZE):
        part = image[None, :, int(y1) : max(int(y2), int(y1) + 1), int(x1) : max(int(x2), int(x1) + 1)]
        crops.append(F.interpolate(part, size=(SIZE, SIZE), mode="bilinear", align_corners=False))
    return torch.cat(crops)


def preprocess(pictures: np.ndarray) -> torch.Tensor:
    image = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    resized = F.interpolate(image, size=(SIZE, SIZE), mode="bilinear", align_corners=False, antialias=True)
    return resized / 127.5 - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ours", nargs="*", help="files instead of a fresh export")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    folder = Path(tempfile.mkdtemp())
    files = options.ours
    if not files:
        files = [str(folder / "ours.onnx")]
        subprocess.run(["node", root / "dist/cli/main.js", "export", root / "models/wsban.wsban", "--seed", "1", "-o", files[0]], check=True)

    model = OnePass().eval()
    one_pass = str(folder / "one_pass.onnx")
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        model, (torch.zeros(2, 3, SIZE, SIZE),), one_pass, dynamo=False, input_names=["image"], output_names=["logits", "guide"],
        dynamic_axes={name: {0: "batch"} for name in ("image", "logits", "guide")},
    )

    def session(path):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.log_severity_level = 3
        return onnxruntime.InferenceSession(path, settings)

    ours = [session(path) for path in files]
    single = session(one_pass)
    pictures = np.random.default_rng(1).integers(0, 256, (options.batch, 375, 500, 3), dtype=np.uint8)

    def host_loop():
        images = preprocess(pictures)
        first, guides = single.run(None, {"image": images.numpy()})
        part = crop(images, boxes_of(guides))
        second, _ = single.run(None, {"image": part.numpy()})
        return F.softmax(torch.from_numpy(first), 1) + F.softmax(torch.from_numpy(second), 1)

    @torch.inference_mode()
    def pytorch():
        images = preprocess(pictures)
        first, guides = model(images)
        second, _ = model(crop(images, boxes_of(guides.numpy())))
        return F.softmax(first, 1) + F.softmax(second, 1)

    ways = {f"ours {Path(path).name}": (lambda s=s: s.run(None, {"image": pictures})) for path, s in zip(files, ours)}
    ways |= {"host loop": host_loop, "pytorch": pytorch}
    times = {name: [] for name in ways}
    for turn in range(options.runs + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            # The first turn warms up.
            if turn > 0:
                times[name].append((time.perf_counter() - began) * 1000 / options.batch)
    for name, list_ in times.items():
        print(f"{name:30} {statistics.median(list_):8.1f} ms an image ({min(list_):.1f} to {max(list_):.1f})")
    for name in list(ways)[: len(files)]:
        for peer in ("host loop", "pytorch"):
            pairs = [a / b for a, b in zip(times[name], times[peer])]
            print(f"{name} / {peer}: {statistics.median(pairs):.2f}")


main()
