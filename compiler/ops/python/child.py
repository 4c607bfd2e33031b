"""Access to submodules whose names are reserved by nn.Module or Python."""

from __future__ import annotations

from torch import nn


def child(module: nn.Module, name: str) -> nn.Module:
    """The module below another one, by a name that nn.Module or Python has for itself."""
    found = module._modules[name]
    if found is None:
        raise KeyError(name)
    return found
