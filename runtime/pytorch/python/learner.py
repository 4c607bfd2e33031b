"""All that learning changes: weights, statistics, what the optimizer remembers."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

import recipe
from checkpoint import Checkpoint, State
from groups import freeze, parameter_groups
from mixing import mix_batch
from image_dataset import Batch
from problems import Problem
from seeded import Random, key_of
from single_image_batch_norm import make_contiguous
from sync_batch_norm import synchronise
from team import Team


class NotFinite(Problem):
    """A loss or a gradient is no finite number. The weights have not moved."""

    def __init__(self, message: str) -> None:
        help = "lower the rate to a tenth, or limit the gradients (clip = 1)"
        super().__init__("loss-not-finite", message, help)


class Moment(NamedTuple):
    step: int
    epoch: float
    position: int  # of the epoch's order, before the step's first batch
    rate: float


class Step(NamedTuple):
    losses: dict[str, float]
    gradient_norm: float


class Options(NamedTuple):
    seed: int
    precision: str = "fp32"  # fp32, bf16 or fp16
    compile: bool = False
    channels_last: bool = False
    sync_batch_norm: bool = False


class Learner:
    def __init__(self, model: nn.Module, team: Team, options: Options) -> None:
        self.team = team
        self.options = options
        if options.sync_batch_norm and team.size > 1:
            model = synchronise(model, team.device)
        self.layout = (
            torch.channels_last if options.channels_last else torch.contiguous_format
        )
        self.model = model.to(team.device)
        if team.device.type == "cpu":
            make_contiguous(self.model)
        if options.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        decay, decays = recipe.WEIGHT_DECAY, recipe.DECAYS
        groups = parameter_groups(self.model, recipe.GROUPS, decay, decays)
        self.optimizer: torch.optim.Optimizer = recipe.make_optimizer(groups)
        self.scaler = torch.amp.GradScaler(
            team.device.type, enabled=options.precision == "fp16"
        )
        self.average = Average(self.model, *recipe.AVERAGE) if recipe.AVERAGE else None
        self.steps = 0
        self.began: dict[str, int] = {}
        self.parallel: DistributedDataParallel | None = None
        self.forward: Callable[..., dict[str, Tensor]] | None = None

    def take(self, batches: list[Batch], moment: Moment) -> Step:
        """One step of the optimizer by the mean gradient of its batches."""
        self._prepare(moment.epoch)
        team, seed = self.team, self.options.seed
        torch.manual_seed(key_of(seed, "step", moment.step, team.rank))
        for group in self.optimizer.param_groups:
            group["lr"] = moment.rate * group["factor"]
        sums: dict[str, Tensor] = {}
        for k, batch in enumerate(batches):
            for name, value in self._learn(batch, moment, k, len(batches)).items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value
        losses = self._means(sums, len(batches))
        bad = next((name for name in losses if not math.isfinite(losses[name])), None)
        if bad:
            place = first_bad(self.model, batches, self.team.device)
            raise NotFinite(
                f"loss {bad} is {losses[bad]} at step {moment.step + 1}{place}"
            )
        self.scaler.unscale_(self.optimizer)
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        clip = recipe.CLIP if recipe.CLIP > 0 else math.inf
        norm = float(nn.utils.clip_grad_norm_(parameters, clip))
        # A scaler leaves out such a step and tries a smaller scale.
        if not math.isfinite(norm) and not self.scaler.is_enabled():
            names = [
                name
                for name, p in self.model.named_parameters()
                if p.grad is not None and not p.grad.isfinite().all()
            ]
            what = f"the gradient of {names[-1]}" if names else "the gradients' norm"
            raise NotFinite(f"{what} is not finite at step {moment.step + 1}")
        if self.steps > 0:
            for name, p in self.model.named_parameters():
                if p.grad is not None and not self.optimizer.state.get(p):
                    self.began.setdefault(name, self.steps)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.steps += 1
        if self.average:
            self.average.follow(self.model, self.steps)
        return Step(losses, norm)

    def evaluated(self) -> nn.Module:
        """The model as it is kept: with the averages, where there are any."""
        return self.average.model if self.average else self.model

    def checkpoint(self, state: State) -> Checkpoint:
        weights = weights_of(self.model)
        named = dict(self.model.named_parameters())
        slots = {
            f"{slot}/{name}": plain(self.optimizer.state[parameter][key])
            for slot, key in recipe.SLOTS.items()
            for name, parameter in named.items()
            if key in self.optimizer.state.get(parameter, {})
        }
        if self.average:
            slots |= {f"weight/{name}": value for name, value in weights.items()}
            weights = weights_of(self.average.model)
        own = {"optimizerSteps": self.steps, "began": self.began}
        return Checkpoint(weights, slots, {**state, **own})

    def restore(self, checkpoint: Checkpoint) -> None:
        slots, state = checkpoint.slots, checkpoint.state
        learning = {
            key.removeprefix("weight/"): value
            for key, value in slots.items()
            if key.startswith("weight/")
        }
        require_same_weights(self.model, learning or checkpoint.weights)
        self.model.load_state_dict(learning or checkpoint.weights)
        if self.average:
            self.average.model.load_state_dict(checkpoint.weights)
        self.steps = int(state["optimizerSteps"])
        self.began = dict(state["began"])
        named = dict(self.model.named_parameters())
        for key, value in slots.items():
            slot, _, name = key.partition("/")
            if slot == "weight":
                continue
            if slot not in recipe.SLOTS or name not in named:
                raise Problem(
                    "run-unreadable",
                    f"the checkpoint has optimizer state {key} that the spec lacks",
                    "resume with the spec and the optimizer of the run",
                )
            own = self.optimizer.state[named[name]]
            own[recipe.SLOTS[slot]] = value.to(named[name].device)
            if slot == "mean":
                taken = self.steps - self.began.get(name, 0)
                own["step"] = torch.tensor(float(taken))

    def _prepare(self, epoch: float) -> None:
        """Training mode, with what is frozen at that time left out."""
        changed = freeze(self.model, recipe.GROUPS, epoch)
        if self.forward is not None and not changed:
            return
        if not any(p.requires_grad for p in self.model.parameters()):
            raise Problem(
                "nothing-learns",
                f"every weight is frozen in epoch {int(epoch) + 1}",
                "let a part learn from the beginning",
            )
        run: Any = self.model
        if self.team.size > 1:
            self.parallel = DistributedDataParallel(
                self.model, find_unused_parameters=recipe.UNTRAINED
            )
            run = self.parallel
        self.forward = torch.compile(run) if self.options.compile else run

    def _learn(
        self, batch: Batch, moment: Moment, number: int, count: int
    ) -> dict[str, Tensor]:
        """Adds the gradient of one of the step's batches; gives its losses."""
        device = self.team.device
        images = batch.images.to(device, non_blocking=True)
        images = images.contiguous(memory_format=self.layout)
        labels = batch.labels.to(device, non_blocking=True)
        if recipe.MIX:
            end = moment.position + (number + 1) * len(labels) * self.team.size
            key = key_of(self.options.seed, "mix", int(moment.epoch), end)
            images, labels = mix_batch(
                images, labels, recipe.CLASSES, recipe.MIX, Random(key)
            )
        low = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(
            self.options.precision
        )
        wait = self.parallel is not None and number < count - 1
        with self.parallel.no_sync() if wait and self.parallel else _nothing():
            with torch.autocast(device.type, low) if low else _nothing():
                assert self.forward is not None
                answers = self.forward(images, labels)
            losses = {
                key.removeprefix("loss/"): value.float()
                for key, value in answers.items()
                if key.startswith("loss/")
            }
            total = torch.stack(list(losses.values())).sum()
            self.scaler.scale(total / count).backward()  # type: ignore[no-untyped-call]
        return {
            name: value.detach() for name, value in (*losses.items(), ("total", total))
        }

    def _means(self, sums: dict[str, Tensor], count: int) -> dict[str, float]:
        """Over batches and processes, in one transfer."""
        found = self.team.total(torch.stack(list(sums.values())))
        means = found / (count * self.team.size)
        return dict(zip(sums, means.tolist(), strict=True))


class Average:
    """A moving average of all weights and statistics beside the ones that learn."""

    def __init__(self, model: nn.Module, decay: float, warm_up: bool) -> None:
        self.decay = decay
        self.warm_up = warm_up
        self.model = recipe.Model().to(next(model.parameters()).device)
        self.model.load_state_dict(model.state_dict())

    @torch.no_grad()
    def follow(self, learning: nn.Module, step: int) -> None:
        decay = (
            min(self.decay, (1 + step) / (10 + step)) if self.warm_up else self.decay
        )
        now = learning.state_dict()
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                value.mul_(decay).add_(now[name], alpha=1 - decay)


def require_same_weights(model: nn.Module, found: dict[str, Tensor]) -> None:
    """Raises a Problem where a checkpoint holds the weights of another model."""
    own = {
        name: value.shape
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    shapes = {name: value.shape for name, value in found.items()}
    names = own.keys() | shapes.keys()
    other = sorted(name for name in names if own.get(name) != shapes.get(name))
    if other:
        raise Problem(
            "spec-changed",
            f"the spec is not the one that the run was trained with: {other[0]} differs",
            "resume with the program of the run's spec, or train into another folder",
        )


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Under the names of a checkpoint: batch norm's counters are not in it."""
    return {
        name: plain(value)
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def plain(value: Tensor) -> Tensor:
    return value.detach().to("cpu", torch.float32).contiguous().clone()


@torch.no_grad()
def first_bad(model: nn.Module, batches: list[Batch], device: torch.device) -> str:
    """Where a value first went bad: `; first in master.attention`."""
    found: list[str] = []
    names = {module: name for name, module in model.named_modules()}

    def look(module: nn.Module, _: Any, output: Any) -> None:
        values = output if isinstance(output, tuple) else (output,)
        bad = any(isinstance(v, Tensor) and not v.isfinite().all() for v in values)
        if bad and names[module]:
            found.append(names[module])

    hooks = [module.register_forward_hook(look) for module in model.modules()]
    try:
        for batch in batches:
            model(batch.images.to(device), batch.labels.to(device))
    finally:
        for hook in hooks:
            hook.remove()
    return f"; first in {found[0]}" if found else ""


def _nothing() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()
