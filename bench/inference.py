"""Milliseconds an image of WS-BAN on InceptionV3 at 448 x 448, four ways in one process, taking turns:

  ours         the file of `wsban export`: both passes and the crop in one graph, ONNX Runtime
  host loop    ONNX Runtime, one pass exported by torch.onnx run twice, scipy's components and a crop between them
  openvino     the same loop around the same single pass, in OpenVINO
  pytorch      PyTorch eager, the same two passes with the same loop between

    python bench/inference.py [--batch 1] [--runs 10] [--threads 2] [--ours FILE.onnx]

Needs torch, torchvision, scipy, onnx, onnxruntime, openvino and numpy. Weights are random: time does not depend on them, boxes hardly.
"""

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import torch
from peer import attention_head, boxes_of, in_turns, inception_to_mixed_6e, milliseconds, ratios, signed_root_pool
from torch import nn
from torch.nn import functional as F

root = Path(__file__).resolve().parent.parent
SIZE = 448


class OnePass(nn.Module):
    """Trunk to Mixed_6e, 128 attention maps, BAP, signed root, length 1, classifier."""

    def __init__(self, classes: int = 200, maps: int = 128):
        super().__init__()
        self.trunk = inception_to_mixed_6e()
        self.attention = attention_head(maps)
        self.logits = nn.Linear(maps * 768, classes)

    def forward(self, image):
        features = self.trunk(image)
        maps = self.attention(features)
        parts = signed_root_pool(features, maps)
        embedding = F.normalize(parts.flatten(1), dim=1)
        return self.logits(100 * embedding), maps.mean(1)


def crop(images: torch.Tensor, boxes: np.ndarray) -> torch.Tensor:
    crops = []
    for image, (y1, x1, y2, x2) in zip(images, boxes * SIZE):
        part = image[None, :, int(y1) : max(int(y2), int(y1) + 1), int(x1) : max(int(x2), int(x1) + 1)]
        crops.append(F.interpolate(part, size=(SIZE, SIZE), mode="bilinear", align_corners=False))
    return torch.cat(crops)


def preprocess(images: np.ndarray) -> torch.Tensor:
    image = torch.from_numpy(images).permute(0, 3, 1, 2).float()
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
    photos = np.random.default_rng(1).integers(0, 256, (options.batch, 375, 500, 3), dtype=np.uint8)

    def loop(run):
        """Both passes, with the crop computed between them. `run` takes and returns NumPy arrays."""
        images = preprocess(photos)
        first, guides = run(images.numpy())
        part = crop(images, boxes_of(guides, threshold=0.2, margin=0.05))
        second, _ = run(part.numpy())
        return F.softmax(torch.from_numpy(first), 1) + F.softmax(torch.from_numpy(second), 1)

    vino = openvino.Core().compile_model(
        one_pass, "CPU", {"INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    )

    def run_vino(images: np.ndarray):
        # Copied, since the next request overwrites the results.
        return tuple(result.copy() for result in vino(images).values())

    @torch.inference_mode()
    def pytorch():
        images = preprocess(photos)
        first, guides = model(images)
        second, _ = model(crop(images, boxes_of(guides.numpy(), threshold=0.2, margin=0.05)))
        return F.softmax(first, 1) + F.softmax(second, 1)

    ways = {f"ours {Path(path).name}": (lambda s=s: s.run(None, {"image": photos})) for path, s in zip(files, ours)}
    ways |= {"host loop": lambda: loop(lambda images: single.run(None, {"image": images})), "openvino": lambda: loop(run_vino), "pytorch": pytorch}
    timed = {name: (lambda way=way: milliseconds(way) / options.batch) for name, way in ways.items()}
    times = in_turns(timed, options.runs)
    for name, list_ in times.items():
        print(f"{name:30} {statistics.median(list_):8.1f} ms an image ({min(list_):.1f} to {max(list_):.1f})")
    for name in list(ways)[: len(files)]:
        for peer in ("host loop", "openvino", "pytorch"):
            print(f"{name} / {peer}: {ratios(times[name], times[peer])}")


main()
