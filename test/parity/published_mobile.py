"""EfficientNet, MobileNetV3 and MobileNetV4 of timm as calls of our blocks; see published_families.py."""

from published_arguments import activation, without_defaults
from torch import nn


def antialiasing(aa):
    """The filter against aliasing and its stride, ("none", 1) without one; None for another layer."""
    if aa is None or isinstance(aa, nn.Identity):
        return "none", 1
    if type(aa).__name__ == "BlurPool2d":
        return ("blur", aa.stride) if aa.filt_size == 3 and aa.pad_mode == "constant" else None
    plain = isinstance(aa, nn.AvgPool2d) and aa.kernel_size == aa.stride and aa.padding == 0 and not aa.ceil_mode
    return ("avg", aa.stride) if plain else None


def universal_unit(unit):
    """As mobile_unit, for a block of MobileNetV4: followed by the first kernel and whether there is a layer scale, or by heads and stride."""
    scaled = not isinstance(unit.layer_scale, nn.Identity)
    if type(unit).__name__ == "MobileAttention":
        attn = unit.attn
        known = type(attn).__name__ == "MultiQueryAttention2d" and not attn.has_query_strides and attn.key_dim == attn.value_dim
        if not known or unit.conv_cpe_dw is not None or not unit.has_skip or not scaled:
            return None
        kernel = attn.key.down_conv.kernel_size[0] if attn.kv_stride > 1 else 1
        spec = ["mqa", kernel, 1, attn.key_dim, attn.output.proj.out_channels, 0, "none", attn.num_heads, attn.kv_stride]
        return spec, None, None
    parts = [unit.dw_start, unit.pw_exp, unit.dw_mid, unit.pw_proj]
    start, expansion, middle, projection = (getattr(part, "conv", None) for part in parts)
    depthwise = [one for one in (start, middle) if one is not None]
    if not isinstance(unit.dw_end, nn.Identity) or not isinstance(unit.se, nn.Identity):
        return None
    before, expanded, aa, after = (antialiasing(getattr(part, "aa", None)) for part in parts)
    if aa is None or {before, expanded, after} != {("none", 1)}:
        return None
    filtered, pool = aa
    if any(one.groups != one.in_channels or one.dilation != (1, 1) for one in depthwise):
        return None
    stride = max([one.stride[0] for one in depthwise], default=1) * pool
    entry = start if start is not None else expansion
    if unit.has_skip != (stride == 1 and entry.in_channels == projection.out_channels):
        return None
    kernels = [0 if one is None else one.kernel_size[0] for one in (start, middle)]
    act = activation(unit.pw_exp.bn.act)
    spec = ["uir", kernels[1], stride, expansion.out_channels, projection.out_channels, 0, act, kernels[0], scaled]
    if pool > 1:
        spec.append(filtered)
    return (spec, None, None) if act is not None else None


def mobile_unit(unit):
    """[kind, kernel, stride, inner, filters, squeezed, act], and the activation and gate of squeeze and excitation; None for another kind."""
    name = type(unit).__name__
    if name == "ConvBnAct":
        conv, last, act, inner = unit.conv, unit.conv, unit.bn1.act, unit.conv.out_channels
        spatial, kind, points = conv, "cn", []
    elif name == "DepthwiseSeparableConv":
        spatial, last, act, inner = unit.conv_dw, unit.conv_pw, unit.bn1.act, unit.conv_dw.out_channels
        kind, points = "ds", [unit.conv_pw]
        if not isinstance(unit.bn2.act, nn.Identity):
            return None
    elif name == "InvertedResidual":
        spatial, last, act, inner = unit.conv_dw, unit.conv_pwl, unit.bn1.act, unit.conv_dw.out_channels
        kind, points = "ir", [unit.conv_pw, unit.conv_pwl]
    elif name == "EdgeResidual":
        spatial, last, act, inner = unit.conv_exp, unit.conv_pwl, unit.bn1.act, unit.conv_exp.out_channels
        kind, points = "er", [unit.conv_pwl]
    elif name in ("UniversalInvertedResidual", "MobileAttention"):
        return universal_unit(unit)
    else:
        return None
    if not all(isinstance(one, nn.Conv2d) for one in (spatial, last, *points)):
        return None
    depthwise = kind in ("ds", "ir")
    if spatial.groups != (spatial.in_channels if depthwise else 1) or depthwise and spatial.out_channels != spatial.in_channels:
        return None
    if any(one.groups != 1 or one.kernel_size != (1, 1) for one in points) or spatial.dilation != (1, 1):
        return None
    first = unit.conv_pw if kind == "ir" else spatial
    keeps = spatial.stride == (1, 1) and first.in_channels == last.out_channels
    if kind == "cn" and keeps and not unit.has_skip:
        kind, keeps = "noskip", False
    aa = antialiasing(getattr(unit, "aa", None))
    if aa is None:
        return None
    filtered, pool = aa
    keeps = keeps and pool == 1
    if keeps != unit.has_skip or (pool > 1 and kind != "er"):
        return None
    if not isinstance(getattr(unit, "ls", nn.Identity()), nn.Identity):
        return None
    se = getattr(unit, "se", nn.Identity())
    squeezed, se_act, gate = 0, None, None
    if not isinstance(se, nn.Identity):
        if type(se).__name__ != "SqueezeExcite":
            return None
        squeezed, se_act, gate = se.conv_reduce.out_channels, activation(se.act1), type(se.gate).__name__.lower()
    name = activation(act)
    if name is None or spatial.kernel_size[0] != spatial.kernel_size[1]:
        return None
    spec = [kind, spatial.kernel_size[0], spatial.stride[0] * pool, inner, last.out_channels, squeezed, name]
    return spec + ([filtered] if pool > 1 else []), se_act, gate


GATES = {"sigmoid": "sigmoid", "hardsigmoid": "hard_sigmoid", "hardsigmoidme": "hard_sigmoid"}


def mobile(network):
    """The arguments that EfficientNet and MobileNetV3 have in common; None where a block cannot be said."""
    norms = {type(module).__name__ for module in network.modules() if "Norm" in type(module).__name__}
    if not norms <= {"BatchNormAct2d", "BatchNorm2d", "ConvNormAct"}:
        return None
    stages, acts, gates = [], set(), set()
    for stage in network.blocks:
        units = []
        for unit in stage:
            described = mobile_unit(unit)
            if described is None:
                return None
            spec, se_act, gate = described
            units.append(spec)
            if gate is not None:
                acts.add("same" if se_act == spec[6] else se_act)
                gates.add(GATES.get(gate))
        stages.append(units)
    same = {
        type(module).__name__ == "Conv2dSame" for module in network.modules() if isinstance(module, nn.Conv2d) and module.stride != (1, 1)
    }
    eps = {module.eps for module in network.modules() if isinstance(module, nn.BatchNorm2d)}
    act = activation(network.bn1.act)
    if len(acts) > 1 and acts == {"same", "relu"}:
        acts = {"relu"}
    if len(acts) > 1 or len(gates) > 1 or len(same) > 1 or len(eps) != 1 or None in gates | acts or act is None:
        return None
    if not isinstance(network.conv_stem, nn.Conv2d) or network.conv_stem.kernel_size != (3, 3) or network.conv_stem.stride != (2, 2):
        return None
    return {
        "stages": stages,
        "stem_size": network.conv_stem.out_channels,
        "num_features": network.conv_head.out_channels if isinstance(network.conv_head, nn.Conv2d) else 0,
        "act": act,
        "se_act": next(iter(acts), "same"),
        "se_gate": next(iter(gates), "sigmoid"),
        "padding": "same" if same == {True} else "symmetric",
        "eps": next(iter(eps)),
    }


def efficientnet(arguments, network):
    if type(network).__name__ != "EfficientNet" or not isinstance(network.conv_head, nn.Conv2d):
        return None
    given = mobile(network)
    if not given or type(network.bn2).__name__ != "BatchNormAct2d" or activation(network.bn2.act) != given["act"]:
        return None
    defaults = {"stages": None, "stem_size": 32, "num_features": 1280, "act": "silu", "se_act": "same"}
    return "efficientnet", "efficientnet", without_defaults(given, defaults | {"se_gate": "sigmoid", "padding": "symmetric", "eps": 1e-5})


def mobilenet_v4(given, network):
    if network.conv_head.bias is not None or activation(network.norm_head.act) != given["act"]:
        return None
    if given.pop("se_act") != "same" or given.pop("se_gate") != "sigmoid":
        return None
    defaults = {"stages": None, "stem_size": 32, "num_features": 1280, "act": "relu", "padding": "symmetric", "eps": 1e-5}
    return "mobilenet_v4", "mobilenet_v4", without_defaults(given, defaults)


def mobilenet_v3(arguments, network):
    if type(network).__name__ != "MobileNetV3" or not isinstance(network.conv_head, nn.Conv2d):
        return None
    given = mobile(network)
    if not given:
        return None
    if not isinstance(network.norm_head, nn.Identity):
        return mobilenet_v4(given, network)
    given["head_bias"] = network.conv_head.bias is not None
    defaults = {"stages": None, "stem_size": 16, "num_features": 1280, "act": "hard_swish", "se_act": "relu"}
    defaults |= {"se_gate": "hard_sigmoid", "padding": "symmetric", "eps": 1e-5, "head_bias": True}
    return "mobilenet_v3", "mobilenet_v3", without_defaults(given, defaults)
