"""Parameter groups: parts of the model with hyperparameters of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from weight_averages import Teacher


class Group(NamedTuple):
    name: str
    path: str
    rate: float = 1.0  # factor of the learning rate
    weight_decay: float | None = None  # instead of the optimizer's
    frozen: float = 0.0  # epochs before its training starts
    layers: tuple[tuple[str, float], ...] = ()  # path, factor of the learning rate


def find_group(groups: list[Group], name: str) -> Group | None:
    """Returns the group with the longest path that contains the parameter."""
    matching = [group for group in groups if name.startswith(f"{group.path}.")]
    return max(matching, key=lambda group: len(group.path), default=None)


def layer_rate(group: Group, name: str) -> float:
    """Returns the factor of the layer of a parameter; 1 without a decay by layer."""
    containing = [
        (len(path), rate)
        for path, rate in group.layers
        if name == path or name.startswith(f"{path}.")
    ]
    return max(containing)[1] if containing else 1.0


def optimizer_groups(
    model: nn.Module, groups: list[Group], weight_decay: float, decays: str
) -> list[dict[str, Any]]:
    """Returns the parameter groups for torch.optim.

    The extra key `factor` is the group's factor of the learning rate.
    """
    by_settings: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        group = find_group(groups, name)
        override = group.weight_decay if group else None
        decay = weight_decay if override is None else override
        if decays == "weights" and parameter.ndim <= 1:
            decay = 0.0
        factor = group.rate * layer_rate(group, name) if group else 1.0
        empty = {"params": [], "factor": factor, "weight_decay": decay}
        by_settings.setdefault((factor, decay), empty)["params"].append(parameter)
    return list(by_settings.values())


def freeze(
    model: nn.Module, groups: list[Group], teachers: list[Teacher], epoch: float
) -> bool:
    """Sets training mode, and freezes teachers and groups whose training has not started.

    Frozen modules are in evaluation mode, and their parameters require no gradient.
    Returns whether the set of trained parameters changed.
    """

    def learns(name: str) -> bool:
        group = find_group(groups, name)
        taught = any(teacher.contains(name) for teacher in teachers)
        return not taught and (group is None or epoch >= group.frozen)

    # A module sets those within it, too, and comes before them.
    for name, module in model.named_modules():
        module.train(learns(f"{name}."))
    changed = False
    for name, parameter in model.named_parameters():
        trained = learns(name)
        changed = changed or parameter.requires_grad != trained
        parameter.requires_grad_(trained)
    return changed
