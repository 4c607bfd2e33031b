"""What the translations of timm's families have in common: reading arguments and naming activations."""

from torch import nn

# Arguments that timm's builder does not pass on to the network.
BOOKKEEPING = {
    "cache_dir",
    "feature_cfg",
    "pretrained_cfg",
    "pretrained_cfg_overlay",
    "pretrained_filter_fn",
    "pretrained_strict",
}

ACTIVATIONS = {
    nn.GELU: "gelu",
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.SiLU: "silu",
    nn.Hardswish: "hard_swish",
    nn.Identity: "none",
}
NAMED_ACTIVATIONS = {"gelu", "relu", "relu6", "silu", "hard_swish", "gelu_tanh", "quick_gelu"}


def only(arguments, *known):
    """Whether there are no other arguments than these that say something."""
    return all(name in known or name in BOOKKEEPING or value is None for name, value in arguments.items())


def activation(given):
    """The name of an activation in our blocks; None for one that they do not have."""
    if isinstance(given, str):
        return given if given in NAMED_ACTIVATIONS else {"swish": "silu"}.get(given)
    kind = given if isinstance(given, type) else type(given)
    for known, name in ACTIVATIONS.items():
        if issubclass(kind, known):
            return name
    return {"GELU": "gelu", "GELUTanh": "gelu_tanh", "QuickGELU": "quick_gelu", "HardSwishMe": "hard_swish", "SwishMe": "silu"}.get(
        kind.__name__
    )


def without_defaults(arguments, defaults):
    return {name: value for name, value in arguments.items() if value != defaults[name]}
