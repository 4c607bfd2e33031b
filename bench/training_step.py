"""Milliseconds a training step against PyTorch, eager or the fastest of several, all taking turns on the same noise:

  resnet18       ResNet-18, 128 px, batch 16
  wsban          WS-BAN on InceptionV3 with the crop (two passes, distillation, centre loss), 224 px, batch 8
  lite           EfficientNet-Lite0, 224 px, batch 16
  vit            ViT-S/16, 224 px, batch 8
  convnext       ConvNeXt-T, 224 px, batch 8
  swin           Swin-T, 224 px, batch 8
  efficientnet   EfficientNet-B0, 224 px, batch 8

    python bench/training_step.py [resnet18 wsban lite vit convnext swin efficientnet] [--peers eager channels_last compile] [--runs 8] [--threads 2] [--profile]

Needs torch, torchvision, timm, scipy and numpy; our side runs from source (bench/training_worker.ts) on the native engine.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import torch
from peer import attention_head, boxes_of, in_turns, inception_to_mixed_6e, milliseconds, peak_of_this_process, ratios, signed_root_pool
from torch import nn
from torch.nn import functional as F

root = Path(__file__).resolve().parent.parent


class Plain(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def losses(self, images, labels):
        return F.cross_entropy(self.network(images), labels)


class WsBan(nn.Module):
    """As models/wsban.wsban says: one network twice, the crop from the mean attention between, centres a class and a map."""

    def __init__(self, classes: int = 200, maps: int = 128):
        super().__init__()
        self.trunk = inception_to_mixed_6e()
        self.attention = attention_head(maps)
        self.logits = nn.Linear(maps * 768, classes)
        self.register_buffer("centres", torch.zeros(classes, maps * 768))

    def one_pass(self, images):
        features = self.trunk(images)
        maps = self.attention(features)
        kept = maps * (torch.rand(maps.shape[:2]) < 0.8)[:, :, None, None] / 0.8
        parts = signed_root_pool(features, kept)
        embedding = F.normalize(parts.flatten(1), dim=1)
        return embedding, self.logits(100 * embedding), maps

    def losses(self, images, labels):
        embedding, master, maps = self.one_pass(images)
        crops = crop(images, boxes_of(maps.detach().mean(1).numpy(), threshold=0.5))
        _, part, _ = self.one_pass(crops)
        taught = -(F.softmax(part / 10, 1) * F.log_softmax(master / 10, 1)).sum(1).mean()
        centres = self.centres[labels]
        pulled = ((embedding - centres) ** 2).sum(1).mean()
        with torch.no_grad():
            self.centres.index_add_(0, labels, 0.05 * (embedding - centres))
        return F.cross_entropy(master, labels) + F.cross_entropy(part, labels) + taught + pulled


def crop(images: torch.Tensor, boxes: np.ndarray) -> torch.Tensor:
    size = images.shape[-1]
    parts = [images[i : i + 1, :, int(y1) : int(y2), int(x1) : int(x2)] for i, (y1, x1, y2, x2) in enumerate(boxes * size)]
    return torch.cat([F.interpolate(part, size=(size, size), mode="bilinear", align_corners=True) for part in parts])


def resnet18():
    import torchvision

    return Plain(torchvision.models.resnet18(num_classes=17))


def lite():
    import timm

    return Plain(timm.create_model("tf_efficientnet_lite0", num_classes=17))


def published(name: str, **settings: float):
    """Returns a subject: a network of timm's with its classifier, without dropout and stochastic depth as on our side."""

    def make():
        import timm

        return Plain(timm.create_model(name, num_classes=17, **settings))

    return make, 8, 224, 0, ["bench/specs/classifier.wsban", "8", f"trunk={name}"]


# Weight decay is what each spec says.
subjects = {
    "resnet18": (resnet18, 16, 128, 0, ["bench/specs/resnet18.wsban", "16"]),
    "wsban": (WsBan, 8, 224, 1e-5, ["models/wsban.wsban", "8", "size=224"]),
    "lite": (lite, 16, 224, 0, ["models/baseline_lite.wsban", "16", "classes=17"]),
    "vit": published("vit_small_patch16_224"),
    "convnext": published("convnext_tiny"),
    "swin": published("swin_tiny_patch4_window7_224", drop_path_rate=0),
    "efficientnet": published("efficientnet_b0"),
}


def stepper(peer: str, make, batch: int, size: int, decay: float):
    """Returns a function that runs one training step of a fresh model."""
    model = make().train()
    images = torch.rand(batch, 3, size, size) * 2 - 1
    labels = torch.arange(batch) % 17
    if peer == "channels_last":
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=decay)
    losses = torch.compile(model.losses) if peer == "compile" else model.losses

    def step() -> None:
        optimizer.zero_grad()
        losses(images, labels).backward()
        optimizer.step()

    return step


def measure(name: str, peers: list[str], runs: int, profile: bool) -> None:
    make, batch, size, decay, arguments = subjects[name]
    ours = subprocess.Popen(
        ["node", "--import=tsx", "bench/training_worker.ts", *arguments], cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def ask(question: str) -> str:
        ours.stdin.write(question + "\n")
        ours.stdin.flush()
        return ours.stdout.readline().strip()

    assert ours.stdout.readline().strip() == "ready"
    steps = {peer: stepper(peer, make, batch, size, decay) for peer in peers}
    # The processor time of each step on all cores together: its ratios are steadier on a machine with other work.
    busy = {name: [] for name in ["ours", *peers]}

    def our_step() -> float:
        elapsed, spent = map(float, ask("step").split())
        busy["ours"].append(spent)
        return elapsed

    def their_step(peer: str) -> float:
        began = time.process_time()
        elapsed = milliseconds(steps[peer])
        busy[peer].append((time.process_time() - began) * 1000)
        return elapsed

    turns = {"ours": our_step} | {peer: lambda peer=peer: their_step(peer) for peer in peers}
    # The first two turns warm up.
    times = in_turns(turns, runs, warm_up=2)
    print(f"{name:10} ours {statistics.median(times['ours']):7.0f} ms a step, at best {min(times['ours']):.0f}")
    for peer in peers:
        print(
            f"{peer:>14} {statistics.median(times[peer]):7.0f} ms, at best {min(times[peer]):.0f}: "
            f"ratio {ratios(times['ours'], times[peer])}, of the best steps {min(times['ours']) / min(times[peer]):.2f}, "
            f"of processor time {min(busy['ours'][2:]) / min(busy[peer][2:]):.2f}"
        )
    if profile:
        kernels = sorted(json.loads(ask("profile")).items(), key=lambda item: -item[1]["ms"])
        print("  " + ", ".join(f"{kernel} {cost['ms']:.0f} ({cost['calls']})" for kernel, cost in kernels[:24]))
    print(f"  peak memory: ours {ask('memory')} MB, PyTorch's process with {', '.join(peers)} {peak_of_this_process():.0f} MB", flush=True)
    ours.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(subjects), help="of " + ", ".join(subjects))
    parser.add_argument("--peers", nargs="+", default=["eager"], choices=["eager", "channels_last", "compile"])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    for name in options.models:
        measure(name, options.peers, options.runs, options.profile)


main()
