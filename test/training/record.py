"""
Writes test/training/recorded.json: what PyTorch's optimizers, schedules, clipping, averaging and cross-entropy do with a few numbers.
Run it with the packages that test/parity/requirements.txt pins: python test/training/record.py
"""
import json
import pathlib

import torch
from torch.optim import lr_scheduler as schedulers
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.manual_seed(3)
STEPS, ROWS, COLUMNS = 8, 2, 3
weight, bias = torch.randn(ROWS, COLUMNS), torch.randn(ROWS)
gradients = [[torch.randn(ROWS, COLUMNS), torch.randn(ROWS)] for _ in range(STEPS)]


def numbers(*tensors):
    return [round(value, 9) for tensor in tensors for value in tensor.flatten().tolist()]


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(weight.clone())
        self.bias = torch.nn.Parameter(bias.clone())


def run(make, clip=0.0, accumulate=1, frozen=0, ema=None):
    """The two parameters after each step; the bias has no gradient in the first `frozen` steps."""
    model = Two()
    optimizer = make(model)
    average = None
    if ema is not None:
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(ema))
        average.update_parameters(model)  # the first call copies
    seen = []
    for step in range(STEPS // accumulate):
        parts = gradients[step * accumulate : (step + 1) * accumulate]
        model.weight.grad = sum(part[0] for part in parts) / accumulate
        model.bias.grad = None if step < frozen else sum(part[1] for part in parts) / accumulate
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip if clip else float("inf"))
        optimizer.step()
        if average is not None:
            average.update_parameters(model)
        shown = model if average is None else average.module
        seen.append({"norm": round(norm.item(), 9), "values": numbers(shown.weight.detach(), shown.bias.detach())})
    return seen


def groups(model, rate, weight_decay=0.0):
    """A tenth of the rate for the bias."""
    return [
        {"params": [model.weight], "lr": rate, "weight_decay": weight_decay},
        {"params": [model.bias], "lr": rate / 10, "weight_decay": 0.0},
    ]


sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
updates = {
    "sgd": run(lambda m: sgd(m.parameters(), 0.1, momentum=0.9, weight_decay=0.01)),
    "sgd without momentum": run(lambda m: sgd(m.parameters(), 0.1)),
    "sgd, decay on weights": run(
        lambda m: sgd([{"params": [m.weight], "weight_decay": 0.1}, {"params": [m.bias]}], 0.1, momentum=0.9)
    ),
    "adam": run(lambda m: adam(m.parameters(), 0.01, weight_decay=0.1)),
    "adamw": run(lambda m: adamw(m.parameters(), 0.01, weight_decay=0.1)),
    "groups": run(lambda m: sgd(groups(m, 0.1, 0.05), momentum=0.9)),
    "frozen": run(lambda m: adam(m.parameters(), 0.01), frozen=3),
    "clip": run(lambda m: sgd(m.parameters(), 0.1, momentum=0.9), clip=1.5),
    "accumulate": run(lambda m: sgd(m.parameters(), 0.1, momentum=0.9), accumulate=2),
    "accumulate and clip": run(lambda m: sgd(m.parameters(), 0.1, momentum=0.9), accumulate=4, clip=0.5),
    "average": run(lambda m: sgd(m.parameters(), 0.1, momentum=0.9), ema=0.8),
}

EPOCHS, PER_EPOCH = 10, 4


def factors(make):
    optimizer = sgd([torch.nn.Parameter(torch.zeros(1))], 1.0)
    scheduler = make(optimizer)
    seen = []
    for _ in range(EPOCHS * PER_EPOCH):
        seen.append(round(optimizer.param_groups[0]["lr"], 9))
        optimizer.step()
        scheduler.step()
    return seen


def rising(optimizer, epochs):
    return schedulers.LambdaLR(optimizer, lambda step: min(1.0, step / (epochs * PER_EPOCH)))


def cosine_after(optimizer, epochs, floor):
    before = rising(optimizer, epochs)
    after = schedulers.CosineAnnealingLR(optimizer, (EPOCHS - epochs) * PER_EPOCH, eta_min=floor)
    return schedulers.SequentialLR(optimizer, [before, after], [epochs * PER_EPOCH])


rates = {
    "constant": factors(lambda o: rising(o, 2)),
    "staircase": factors(lambda o: schedulers.StepLR(o, 2 * PER_EPOCH, 0.9)),
    "staircase, warm-up": [
        round(a * b, 9)
        for a, b in zip(
            factors(lambda o: rising(o, 3)), factors(lambda o: schedulers.StepLR(o, 2 * PER_EPOCH, 0.5)), strict=True
        )
    ],
    "step": factors(lambda o: schedulers.MultiStepLR(o, [3 * PER_EPOCH, 7 * PER_EPOCH], 0.1)),
    "cosine": factors(lambda o: schedulers.CosineAnnealingLR(o, EPOCHS * PER_EPOCH, eta_min=0.1)),
    "cosine, warm-up": factors(lambda o: cosine_after(o, 2, 0.0)),
}

logits = torch.randn(5, 4, requires_grad=True)
labels = torch.tensor([0, 2, 2, 1, 3])
class_weights = torch.tensor([0.5, 2.0, 1.25, 0.75])


def loss(**options):
    value = torch.nn.functional.cross_entropy(logits, labels, **options)
    (gradient,) = torch.autograd.grad(value, logits)
    return {"loss": round(value.item(), 9), "gradient": numbers(gradient)}


losses = {
    "plain": loss(),
    "smoothed": loss(label_smoothing=0.1),
    "weighted": loss(weight=class_weights),
    "weighted and smoothed": loss(weight=class_weights, label_smoothing=0.2),
}

recorded = {
    "torch": torch.__version__.split("+")[0],
    "weight": numbers(weight),
    "bias": numbers(bias),
    "gradients": [{"weight": numbers(w), "bias": numbers(b)} for w, b in gradients],
    "updates": updates,
    "epochs": EPOCHS,
    "stepsPerEpoch": PER_EPOCH,
    "rates": rates,
    "logits": numbers(logits.detach()),
    "labels": labels.tolist(),
    "classWeights": class_weights.tolist(),
    "losses": losses,
}
path = pathlib.Path(__file__).with_name("recorded.json")
path.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
