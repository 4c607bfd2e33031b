"""Milliseconds a training step against PyTorch's fastest of four ways, each in a process of its own, taking turns on the same noise:

  resnet18       ResNet-18, 128 px, batch 16
  wsban          WS-BAN on InceptionV3 with the crop (two passes, distillation, centre loss), 224 px, batch 8
  lite           EfficientNet-Lite0, 224 px, batch 16
  vit            ViT-S/16, 224 px, batch 8
  convnext       ConvNeXt-T, 224 px, batch 8
  swin           Swin-T, 224 px, batch 8
  efficientnet   EfficientNet-B0, 224 px, batch 8

    python bench/training_step.py [resnet18 wsban lite vit convnext swin efficientnet] [--peers eager channels_last compile both] [--runs 8] [--threads 2] [--profile]

Prints the ratio to each way and to the fastest (median and range over the turns), peak memory, and utilisation: the FLOP/s of the step's convolutions
and matrix products, from PyTorch's count of the forward pass, relative to a matrix product in single precision in the same process.
Needs torch, torchvision, timm, scipy, numpy and, for compile, g++; our side runs from source (bench/training_worker.ts) on the native engine.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from peer import attention_head, boxes_of, in_turns, inception_to_mixed_6e, milliseconds, peak_of_this_process, ratios, signed_root_pool
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

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


ways = ("eager", "channels_last", "compile", "both")


class Peer:
    """One way of PyTorch's: "both" is torch.compile on channels_last."""

    def __init__(self, name: str, way: str):
        make, batch, size, self.decay, _ = subjects[name]
        layout = torch.channels_last if way in ("channels_last", "both") else torch.contiguous_format
        self.model = make().train().to(memory_format=layout)
        self.images = (torch.rand(batch, 3, size, size) * 2 - 1).contiguous(memory_format=layout)
        self.labels = torch.arange(batch) % 17
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-4, momentum=0.9, weight_decay=self.decay)
        self.losses = torch.compile(self.model.losses) if way in ("compile", "both") else self.model.losses

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.losses(self.images, self.labels).backward()
        self.optimizer.step()

    def flops(self) -> int:
        """
        Returns the floating-point operations of a step: three times those of the forward pass's convolutions and matrix products, since the gradients
        of input and weight take as many each. PyTorch's own count of gradients ignores the groups of a depthwise convolution.
        """
        with FlopCounterMode(display=False) as counter:
            self.losses(self.images, self.labels)
        return 3 * counter.get_total_flops()


def sgemm_gflops(side: int = 2048, runs: int = 8) -> float:
    a, b = torch.rand(side, side), torch.rand(side, side)
    return 2 * side**3 / min(milliseconds(lambda: a @ b) for _ in range(runs)) / 1e6


def serve(name: str, way: str) -> None:
    """Answers the same questions as bench/training_worker.ts, and "flops"."""
    peer = Peer(name, way)
    print("ready", flush=True)
    for line in sys.stdin:
        question = line.strip()
        if question == "step":
            began = time.process_time()
            elapsed = milliseconds(peer.step)
            answer = f"{elapsed:.1f} {(time.process_time() - began) * 1000:.1f}"
        elif question == "memory":
            answer = f"{peak_of_this_process():.0f}"
        elif question == "flops":
            answer = str(peer.flops())
        elif question == "sgemm":
            answer = f"{sgemm_gflops():.1f}"
        else:
            raise ValueError(question)
        print(answer, flush=True)


class Worker:
    """A process that takes steps on request. `busy` has the processor time of each on all cores: its ratios are steadier on a machine with other work."""

    def __init__(self, command: list[str]):
        self.process = subprocess.Popen(command, cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.busy: list[float] = []
        if (greeting := self.process.stdout.readline().strip()) != "ready":
            raise RuntimeError(f"{' '.join(command)} did not start: {greeting}")

    def ask(self, question: str) -> str:
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer == "":
            raise RuntimeError(f"{self.process.args} ended while it was asked for {question}")
        return answer

    def step(self) -> float:
        elapsed, spent = map(float, self.ask("step").split())
        self.busy.append(spent)
        return elapsed

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def measure(name: str, peers: list[str], runs: int, profile: bool) -> tuple[float, float]:
    """Prints how we compare with each peer. Returns the ratios of time and of memory to the fastest one."""
    *_, arguments = subjects[name]
    workers = {"ours": Worker(["node", "--import=tsx", "bench/training_worker.ts", *arguments])}
    for peer in peers:
        workers[peer] = Worker([sys.executable, __file__, "--serve", name, peer])
    # The first two turns warm up, and torch.compile compiles.
    warm_up = 2
    times = in_turns({way: worker.step for way, worker in workers.items()}, runs, warm_up)
    # Read before the matrix products of utilisation, which need memory of their own.
    memory = {way: float(worker.ask("memory")) for way, worker in workers.items()}
    uncompiled = next((peer for peer in peers if peer in ("eager", "channels_last")), None)
    flops = float(workers[uncompiled].ask("flops")) if uncompiled else math.nan
    fastest = min(peers, key=lambda peer: statistics.median(times[peer]))
    for way, worker in workers.items():
        median = statistics.median(times[way])
        gflops = float(worker.ask("sgemm"))
        print(f"{name if way == 'ours' else '':12} {way:13} {median:7.0f} ms a step, at best {min(times[way]):.0f}; {memory[way]:.0f} MB; {flops / median / 1e6 / gflops:.2f} of {gflops:.0f} GFLOP/s")
    for peer in peers:
        best = min(times["ours"]) / min(times[peer])
        busy = min(workers["ours"].busy[warm_up:]) / min(workers[peer].busy[warm_up:])
        print(f"  ours / {peer}{' (the fastest)' if peer == fastest else ''}: {ratios(times['ours'], times[peer])}, of the best steps {best:.2f}, of processor time {busy:.2f}, of memory {memory['ours'] / memory[peer]:.2f}")
    if profile:
        kernels = sorted(json.loads(workers["ours"].ask("profile")).items(), key=lambda item: -item[1]["ms"])
        print("  " + ", ".join(f"{kernel} {cost['ms']:.0f} ({cost['calls']})" for kernel, cost in kernels[:24]))
    sys.stdout.flush()
    for worker in workers.values():
        worker.close()
    return statistics.median(a / b for a, b in zip(times["ours"], times[fastest], strict=True)), memory["ours"] / memory[fastest]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(subjects), help="of " + ", ".join(subjects))
    parser.add_argument("--peers", nargs="+", default=list(ways), choices=ways)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", nargs=2, metavar=("MODEL", "WAY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        torch.manual_seed(1)
        serve(*options.serve)
        return
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    found = [measure(name, options.peers, options.runs, options.profile) for name in options.models]
    for what, values in zip(("time", "memory"), zip(*found, strict=True), strict=True):
        print(f"geometric mean of the ratios of {what} to the fastest: {statistics.geometric_mean(values):.2f}")


main()
