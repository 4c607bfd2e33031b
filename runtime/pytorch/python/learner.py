"""The training step, and the state that it changes: weights and optimizer state."""

from __future__ import annotations

import contextlib
import math
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.overrides import TorchFunctionMode

import recipe
from checkpoint import Checkpoint, State
from errors import TrainingError
from image_dataset import Batch
from mixing import mix_batch
from parameter_groups import freeze, optimizer_groups
from process_group import ProcessGroup
from seeded import Random, key_of
from single_image_batch_norm import make_contiguous
from sync_batch_norm import convert_batch_norm
from weight_averages import WeightAverage, update_teachers


class NotFinite(TrainingError):
    """A loss or a gradient is not finite. The weights were not updated."""

    def __init__(self, subject: str, step: int, more: str = "") -> None:
        """`step` counts the steps before; `more` is the end of the message."""
        if step == 0:
            help = (
                "no weight has moved yet, so the learning rate is not the cause: look in "
                "the spec for a value that overflows (exp), a division by zero, or the "
                "log or square root of 0; then at the initial weights and the data"
            )
        else:
            help = (
                "lower optimizer.rate, to a tenth for example, or clip the gradients "
                "with clip=1 (wsban train ... --train KEY=VALUE)"
            )
        message = f"{subject} at step {step + 1}{more}"
        super().__init__("loss-not-finite", message, help)


class StepInfo(NamedTuple):
    step: int  # steps before this one
    epoch: float  # epochs before this step, as a fraction
    position: int  # images of the epoch before this step
    learning_rate: float


class StepResult(NamedTuple):
    losses: dict[str, float]  # means over the step's batches, and their total
    gradient_norm: float  # before clipping


class LearnerOptions(NamedTuple):
    seed: int
    precision: str = "fp32"  # fp32, bf16 or fp16
    compile: bool = False
    channels_last: bool = False
    sync_batch_norm: bool = False


class Learner:
    """The model, its optimizer, and the moving average of the weights."""

    def __init__(
        self, model: nn.Module, process_group: ProcessGroup, options: LearnerOptions
    ) -> None:
        self.process_group = process_group
        self.options = options
        if options.sync_batch_norm and process_group.size > 1:
            model = convert_batch_norm(model, process_group.device)
        self.layout = (
            torch.channels_last if options.channels_last else torch.contiguous_format
        )
        self.model = model.to(process_group.device)
        if process_group.device.type == "cpu":
            make_contiguous(self.model)
        if options.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        decay, decays = recipe.WEIGHT_DECAY, recipe.DECAYS
        groups = optimizer_groups(self.model, recipe.GROUPS, decay, decays)
        self.optimizer: torch.optim.Optimizer = recipe.make_optimizer(groups)
        self.scaler = torch.amp.GradScaler(
            process_group.device.type, enabled=options.precision == "fp16"
        )
        self.average = (
            WeightAverage(self.model, recipe.Model(), *recipe.AVERAGE)
            if recipe.AVERAGE
            else None
        )
        self.steps = 0
        # Optimizer steps that did not update a parameter: it was frozen, or not reached.
        self.steps_without: dict[str, int] = {}
        self.parallel: DistributedDataParallel | None = None
        self.forward: Callable[..., dict[str, Tensor]] | None = None

    def train_step(self, batches: list[Batch], info: StepInfo) -> StepResult:
        """Accumulates the mean gradient of the batches, and updates the weights.

        With several optimizer steps on a batch, the result has the losses of all and
        the largest gradient norm.

        Raises NotFinite, without an update, if a loss or a gradient is not finite.
        """
        self._prepare_model(info.epoch)
        process_group, seed = self.process_group, self.options.seed
        torch.manual_seed(key_of(seed, "step", info.step, process_group.rank))
        for group in self.optimizer.param_groups:
            group["lr"] = info.learning_rate * group["factor"]
        if recipe.STEPS == 1:
            return self._optimizer_step(batches, info, None)
        results = [
            self._optimizer_step(batches, info, number + 1)
            for number in range(recipe.STEPS)
        ]
        losses: dict[str, float] = {}
        for one in results:
            losses |= one.losses
        # Last, as in the log of a single step.
        del losses["total"]
        losses["total"] = sum(one.losses["total"] for one in results)
        return StepResult(losses, max(one.gradient_norm for one in results))

    def _optimizer_step(
        self, batches: list[Batch], info: StepInfo, number: int | None
    ) -> StepResult:
        """Takes one optimizer step; `number` counts several on the same batch from 1."""
        sums: dict[str, Tensor] = {}
        for k, batch in enumerate(batches):
            part = self._accumulate(batch, info, k, len(batches), number)
            for name, value in part.items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value
        losses = self._means(sums, len(batches))
        bad = next((name for name in losses if not math.isfinite(losses[name])), None)
        if bad:
            sign = "-" if losses[bad] < 0 else ""
            found = "NaN" if math.isnan(losses[bad]) else f"{sign}Infinity"
            place = first_nonfinite_line(self.model, batches, self.process_group.device)
            raise NotFinite(f"loss {bad} is {found}", info.step, place)
        return StepResult(losses, self._apply_update(info))

    def _apply_update(self, info: StepInfo) -> float:
        """Clips the gradients and updates the weights. Returns the norm before clipping."""
        self.scaler.unscale_(self.optimizer)
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        clip = recipe.CLIP if recipe.CLIP > 0 else math.inf
        norm = float(nn.utils.clip_grad_norm_(parameters, clip))
        # The gradient scaler skips a step that is not finite, and reduces its scale.
        if not math.isfinite(norm) and not self.scaler.is_enabled():
            raise self._nonfinite_gradient(info.step)
        if self.steps > 0:
            for name, p in self.model.named_parameters():
                updated = bool(self.optimizer.state.get(p))
                if p.grad is not None and not updated:
                    self.steps_without.setdefault(name, self.steps)
                elif p.grad is None and updated:
                    self.steps_without[name] = self.steps_without.get(name, 0) + 1
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.steps += 1
        update_teachers(self.model, recipe.TEACHERS)
        if self.average:
            self.average.update(self.model, self.steps)
        return norm

    def _nonfinite_gradient(self, step: int) -> NotFinite:
        """Names the parameter nearest to the loss whose gradient is not finite."""
        names = [
            name
            for name, p in self.model.named_parameters()
            if p.grad is not None and not p.grad.isfinite().all()
        ]
        if not names:
            return NotFinite("the gradients are too large for a number", step)
        more = f", nor are {len(names) - 1} more" if len(names) > 1 else ""
        return NotFinite(f"the gradient of {names[-1]} is not finite", step, more)

    def evaluation_model(self) -> nn.Module:
        """Returns the model to evaluate and export: the moving average, if there is one."""
        return self.average.model if self.average else self.model

    def checkpoint(self, state: State) -> Checkpoint:
        """Returns a checkpoint of the weights, the optimizer and the given run state."""
        weights = checkpoint_weights(self.model)
        named = dict(self.model.named_parameters())
        optimizer_state = {
            f"{slot}/{name}": to_float32_cpu(self.optimizer.state[parameter][key])
            for slot, key in recipe.SLOTS.items()
            for name, parameter in named.items()
            if key in self.optimizer.state.get(parameter, {})
        }
        if self.average:
            optimizer_state |= {
                f"weight/{name}": value for name, value in weights.items()
            }
            weights = checkpoint_weights(self.average.model)
        steps = {"optimizerSteps": self.steps, "began": self.steps_without}
        return Checkpoint(weights, optimizer_state, {**state, **steps})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restores the state. Raises a TrainingError if it is of another model."""
        optimizer_state, state = checkpoint.optimizer_state, checkpoint.state
        trained = {
            key.removeprefix("weight/"): value
            for key, value in optimizer_state.items()
            if key.startswith("weight/")
        }
        require_same_weights(self.model, trained or checkpoint.weights)
        self.model.load_state_dict(trained or checkpoint.weights)
        if self.average:
            self.average.model.load_state_dict(checkpoint.weights)
        self.steps = int(state["optimizerSteps"])
        self.steps_without = dict(state["began"])
        named = dict(self.model.named_parameters())
        for key, value in optimizer_state.items():
            slot, _, name = key.partition("/")
            if slot == "weight":
                continue
            if slot not in recipe.SLOTS or name not in named:
                raise TrainingError(
                    "run-unreadable",
                    f"the checkpoint has optimizer state {key} that the spec lacks",
                    "resume with the spec and the optimizer of the run",
                )
            parameter_state = self.optimizer.state[named[name]]
            parameter_state[recipe.SLOTS[slot]] = value.to(named[name].device)
            if slot == "mean":
                updates = self.steps - self.steps_without.get(name, 0)
                parameter_state["step"] = torch.tensor(float(updates))

    def _prepare_model(self, epoch: float) -> None:
        """Sets training mode and freezes groups; wraps the model again if they changed."""
        changed = freeze(self.model, recipe.GROUPS, recipe.TEACHERS, epoch)
        if self.forward is not None and not changed:
            return
        if not any(p.requires_grad for p in self.model.parameters()):
            raise TrainingError(
                "nothing-learns",
                f"every weight is frozen in epoch {int(epoch) + 1}",
                "let a part learn from the beginning",
            )
        model: Any = self.model
        if self.process_group.size > 1:
            self.parallel = DistributedDataParallel(
                self.model, find_unused_parameters=recipe.UNTRAINED
            )
            model = self.parallel
        self.forward = torch.compile(model) if self.options.compile else model

    def _accumulate(
        self,
        batch: Batch,
        info: StepInfo,
        index: int,
        count: int,
        number: int | None = None,
    ) -> dict[str, Tensor]:
        """Adds the gradient of batch `index` of `count`. Returns the batch's losses.

        `number` selects one of several optimizer steps on the batch.
        """
        device = self.process_group.device
        images = batch.images.to(device, non_blocking=True)
        images = images.contiguous(memory_format=self.layout)
        labels = [label.to(device, non_blocking=True) for label in batch.label_inputs()]
        views = [
            view.to(device, non_blocking=True).contiguous(memory_format=self.layout)
            for view in batch.views
        ]
        if recipe.MIX:
            # The compiler allows it for a single label, which is a class.
            (label,) = labels
            end = info.position + (index + 1) * len(label) * self.process_group.size
            key = key_of(self.options.seed, "mix", int(info.epoch), end)
            images, label = mix_batch(
                images, label, recipe.CLASSES, recipe.MIX, Random(key)
            )
            labels = [label]
        autocast_type = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(
            self.options.precision
        )
        # Gradients are all-reduced with the step's last batch only.
        defer = self.parallel is not None and index < count - 1
        with (
            self.parallel.no_sync()
            if defer and self.parallel
            else contextlib.nullcontext()
        ):
            with (
                torch.autocast(device.type, autocast_type)
                if autocast_type
                else contextlib.nullcontext()
            ):
                assert self.forward is not None
                selected = {} if number is None else {"optimizer_step": number}
                outputs = self.forward(images, *labels, *views, **selected)
            losses = {
                key.removeprefix("loss/"): value.float()
                for key, value in outputs.items()
                if key.startswith("loss/")
            }
            total = torch.stack(list(losses.values())).sum()
            self.scaler.scale(total / count).backward()  # type: ignore[no-untyped-call]
        return {
            name: value.detach() for name, value in (*losses.items(), ("total", total))
        }

    def _means(self, sums: dict[str, Tensor], count: int) -> dict[str, float]:
        """Returns the means over batches and processes, in one transfer."""
        totals = self.process_group.all_reduce(torch.stack(list(sums.values())))
        means = totals / (count * self.process_group.size)
        return dict(zip(sums, means.tolist(), strict=True))


def require_same_weights(model: nn.Module, found: dict[str, Tensor]) -> None:
    """Raises a TrainingError if a checkpoint has the weights of another model."""
    expected = {
        name: value.shape
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    shapes = {name: value.shape for name, value in found.items()}
    names = expected.keys() | shapes.keys()
    different = sorted(name for name in names if expected.get(name) != shapes.get(name))
    if different:
        raise TrainingError(
            "spec-changed",
            f"the spec is not the one that the run was trained with: {different[0]} differs",
            "resume with the program of the run's spec, or train into another folder",
        )


def checkpoint_weights(model: nn.Module) -> dict[str, Tensor]:
    """Returns the weights of a checkpoint, which has no batch norm counters."""
    return {
        name: to_float32_cpu(value)
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def to_float32_cpu(value: Tensor) -> Tensor:
    return value.detach().to("cpu", torch.float32).contiguous().clone()


class NonFiniteFinder(TorchFunctionMode):
    """Finds the first line of model.py with a result that is not finite."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: traceback.FrameSummary | None = None

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if self.frame is None and is_nonfinite(result):
            self.frame = calling_line()
        return result


def is_nonfinite(value: Any) -> bool:
    return isinstance(value, Tensor) and not bool(value.isfinite().all())


def calling_line() -> traceback.FrameSummary | None:
    """Returns the line of model.py that makes a call; None if a helper makes it."""
    folder = Path(__file__).parent
    frames = [f for f in traceback.extract_stack() if Path(f.filename).parent == folder]
    callers = [f for f in frames if Path(f.filename) != Path(__file__)]
    if not callers or Path(callers[-1].filename).name != "model.py":
        return None
    return callers[-1]


@torch.no_grad()
def first_nonfinite_line(
    model: nn.Module, batches: list[Batch], device: torch.device
) -> str:
    """Names the first line of model.py with a result that is not finite.

    Returns the end of a message, such as `; first in model.py:41: wrong = zero / zero`,
    or "".
    """
    finder = NonFiniteFinder()
    with finder:
        for batch in batches:
            labels = [label.to(device) for label in batch.label_inputs()]
            views = [view.to(device) for view in batch.views]
            model(batch.images.to(device), *labels, *views)
    if finder.frame is None:
        return ""
    line, _, _ = (finder.frame.line or "").partition("  #")
    return f"; first in model.py:{finder.frame.lineno}: {line}"
