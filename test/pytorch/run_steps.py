"""Trains a generated model.py for some steps. Reads a task as JSON; writes a folder of weights and optimizer state after each step.

Keys of the optimizer's state are those of wsban's checkpoints: `velocity/NAME`, or `mean/NAME` and `square/NAME`.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

task = json.load(sys.stdin)
sys.path.insert(0, task["code"])
import model as generated  # noqa: E402
import seeded  # noqa: E402



class RandomNumbers:
    """Replaces torch's random numbers by those that wsban draws, call by call within a step."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.begin(0)

    def begin(self, step: int) -> None:
        self.step = step
        self.draws = 0

    def uniform(self, count: int) -> torch.Tensor:
        key = seeded.key_of(self.seed, "step", self.step, self.draws)
        self.draws += 1
        return seeded.uniform_tensor(key, count, 0, 1)

    def dropout2d(self, x: torch.Tensor, rate: float, training: bool) -> torch.Tensor:
        drawn = self.uniform(x.shape[0] * x.shape[1]).view(*x.shape[:2], 1, 1)
        return x * (drawn >= rate) / (1 - rate) if training else x

    def uniform_(self, out: torch.Tensor, low: float, high: float) -> torch.Tensor:
        drawn = self.uniform(out.numel()).view_as(out)
        return out.copy_(low + (high - low) * drawn)


if task.get("threads"):
    torch.set_num_threads(task["threads"])
torch.manual_seed(1)
random_numbers = RandomNumbers(task["seed"])
model = getattr(generated, task["model"])()
torch.nn.functional.dropout2d = random_numbers.dropout2d
torch.Tensor.uniform_ = lambda out, low, high: random_numbers.uniform_(out, low, high)
start = Path(task["start"])
generated.load_weights(model, str(start / "weights.safetensors"))
named = dict(model.named_parameters())

given = task["optimizer"]
if given["name"] == "sgd":
    optimizer = torch.optim.SGD(
        named.values(), lr=task["rate"], momentum=given["momentum"]
    )
    slots = {"velocity": "momentum_buffer"}
else:
    optimizer = torch.optim.Adam(
        named.values(),
        lr=task["rate"],
        betas=(given["beta1"], given["beta2"]),
        eps=given["eps"],
    )
    slots = {"mean": "exp_avg", "square": "exp_avg_sq"}

for key, value in load_file(start / "optimizer.safetensors").items():
    slot, name = key.split("/", 1)
    state = optimizer.state[named[name]]
    state[slots[slot]] = value.clone()
    if slot == "mean":
        state["step"] = torch.tensor(float(task["first"]))

batches = load_file(task["batches"])
model.train()
for step in range(task["first"], task["last"]):
    random_numbers.begin(step)
    answers = model(
        batches[f"image/{step}"].permute(0, 3, 1, 2), batches[f"label/{step}"].long()
    )
    optimizer.zero_grad()
    sum(value for key, value in answers.items() if key.startswith("loss/")).backward()
    torch.nn.utils.clip_grad_norm_(named.values(), task["clip"])
    optimizer.step()
    out = Path(task["out"]) / str(step + 1)
    out.mkdir(parents=True)
    weights = model.state_dict().items()
    save_file(
        {
            key: value
            for key, value in weights
            if not key.endswith("num_batches_tracked")
        },
        out / "weights.safetensors",
    )
    save_file(
        {
            f"{slot}/{name}": optimizer.state[parameter][key]
            for slot, key in slots.items()
            for name, parameter in named.items()
            if parameter in optimizer.state
        },
        out / "optimizer.safetensors",
    )
