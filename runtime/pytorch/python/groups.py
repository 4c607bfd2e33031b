"""Parts of the model that learn in their own way."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn


class Group(NamedTuple):
    name: str
    path: str
    rate: float = 1.0  # factor on the optimizer's rate
    weight_decay: float | None = None  # instead of the optimizer's
    frozen: float = 0.0  # epochs in which it does not learn


def group_of(groups: list[Group], name: str) -> Group | None:
    """Of a parameter: the group with the longest path above it."""
    fitting = [group for group in groups if name.startswith(f"{group.path}.")]
    return max(fitting, key=lambda group: len(group.path), default=None)


def parameter_groups(
    model: nn.Module, groups: list[Group], weight_decay: float, decays: str
) -> list[dict[str, Any]]:
    """What torch.optim takes; `factor` is what the rate is multiplied by."""
    made: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        group = group_of(groups, name)
        own = group.weight_decay if group else None
        decay = weight_decay if own is None else own
        if decays == "weights" and parameter.ndim <= 1:
            decay = 0.0
        factor = group.rate if group else 1.0
        kind = {"params": [], "factor": factor, "weight_decay": decay}
        made.setdefault((factor, decay), kind)["params"].append(parameter)
    return list(made.values())


def freeze(model: nn.Module, groups: list[Group], epoch: float) -> bool:
    """Puts the model to training, but for the groups that are frozen at that time.

    Those compute as after training. True when another set of parameters learns now.
    """
    model.train()
    frozen = [group for group in groups if epoch < group.frozen]
    for name, module in model.named_modules():
        if any(f"{name}.".startswith(f"{group.path}.") for group in frozen):
            module.eval()
    changed = False
    for name, parameter in model.named_parameters():
        group = group_of(groups, name)
        learns = group is None or epoch >= group.frozen
        changed = changed or parameter.requires_grad != learns
        parameter.requires_grad_(learns)
    return changed
