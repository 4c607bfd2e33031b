"""How timm's networks are calls of our blocks, by the module of timm that defines them.

A function gets what timm passes to the network's class, and the network itself. It returns the file in models/backbones, the block in it and
its arguments, or None for a network that the block cannot build. Arguments that are the block's own defaults are left out.
"""

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


def resnet(arguments, network):
    known = ("block", "layers", "cardinality", "base_width", "stem_width", "stem_type", "replace_stem_pool", "block_reduce_first")
    if not only(arguments, *known, "down_kernel_size", "avg_down", "act_layer", "aa_layer", "block_args", "channels"):
        return None
    blocks = arguments["block"] if isinstance(arguments["block"], (list, tuple)) else [arguments["block"]] * 4
    kinds = ["basic" if getattr(one, "__name__", one).startswith("Basic") else "bottleneck" for one in blocks]
    if any(getattr(one, "__name__", one) not in ("BasicBlock", "Bottleneck", "basic", "bottleneck") for one in blocks):
        return None
    se_ratio = 0
    options = dict(arguments.get("block_args") or {})
    attention = options.pop("attn_layer", None)
    if options or attention not in (None, "se"):
        return None
    if attention == "se":
        se_ratio = 1 / 16
    pool = arguments.get("aa_layer")
    if pool is not None and getattr(pool, "__name__", pool) not in ("AvgPool2d", "avg"):
        return None
    act = activation(arguments.get("act_layer") or "relu")
    if act is None:
        return None
    defaults = {
        "unit": ["bottleneck"] * 4,
        "layers": [3, 4, 6, 3],
        "widths": [64, 128, 256, 512],
        "cardinality": 1,
        "base_width": 64,
        "stem_width": 64,
        "stem_type": "plain",
        "replace_stem_pool": False,
        "reduce_first": 1,
        "down_kernel": 1,
        "avg_down": False,
        "anti_alias": False,
        "se_ratio": 0,
        "act": "relu",
    }
    given = {
        "unit": kinds,
        "layers": list(arguments["layers"]),
        "widths": list(arguments.get("channels") or (64, 128, 256, 512)),
        "cardinality": arguments.get("cardinality", 1),
        "base_width": arguments.get("base_width", 64),
        "stem_width": arguments.get("stem_width", 64),
        "stem_type": arguments.get("stem_type") or "plain",
        "replace_stem_pool": arguments.get("replace_stem_pool", False),
        "reduce_first": arguments.get("block_reduce_first", 1),
        "down_kernel": arguments.get("down_kernel_size", 1),
        "avg_down": arguments.get("avg_down", False),
        "anti_alias": pool is not None,
        "se_ratio": se_ratio,
        "act": act,
    }
    return "resnet", "resnet", without_defaults(given, defaults)


def convnext(arguments, network):
    known = ("depths", "dims", "kernel_sizes", "ls_init_value", "stem_type", "patch_size", "head_norm_first", "head_hidden_size")
    if not only(arguments, *known, "conv_mlp", "conv_bias", "use_grn", "act_layer", "norm_eps", "norm_layer"):
        return None
    if arguments.get("norm_layer") not in (None, "layernorm", "layernorm2d"):
        return None
    act = activation(arguments.get("act_layer") or "gelu")
    if act is None:
        return None
    depths = list(arguments.get("depths", (3, 3, 9, 3)))
    kernel = arguments.get("kernel_sizes", 7)
    defaults = {
        "depths": [3, 3, 9, 3],
        "dims": [96, 192, 384, 768],
        "kernel_sizes": [7] * 4,
        "layer_scale": True,
        "stem_type": "patch",
        "patch_size": 4,
        "head_norm_first": False,
        "head_hidden_size": 0,
        "conv_mlp": False,
        "conv_bias": True,
        "use_grn": False,
        "act": "gelu",
        "eps": 1e-6,
    }
    given = {
        "depths": depths,
        "dims": list(arguments.get("dims", (96, 192, 384, 768))),
        "kernel_sizes": list(kernel) if isinstance(kernel, (list, tuple)) else [kernel] * len(depths),
        "layer_scale": "ls_init_value" not in arguments or arguments["ls_init_value"] is not None,
        "stem_type": arguments.get("stem_type", "patch"),
        "patch_size": arguments.get("patch_size", 4),
        "head_norm_first": arguments.get("head_norm_first", False),
        "head_hidden_size": arguments.get("head_hidden_size") or 0,
        "conv_mlp": arguments.get("conv_mlp", False),
        "conv_bias": arguments.get("conv_bias", True),
        "use_grn": arguments.get("use_grn", False),
        "act": act,
        "eps": arguments.get("norm_eps") or 1e-6,
    }
    return "convnext", "convnext", without_defaults(given, defaults)


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
    if any(not isinstance(getattr(part, "aa", None), (nn.Identity, type(None))) for part in parts):
        return None
    if any(one.groups != one.in_channels or one.dilation != (1, 1) for one in depthwise):
        return None
    stride = max([one.stride[0] for one in depthwise], default=1)
    entry = start if start is not None else expansion
    if unit.has_skip != (stride == 1 and entry.in_channels == projection.out_channels):
        return None
    kernels = [0 if one is None else one.kernel_size[0] for one in (start, middle)]
    act = activation(unit.pw_exp.bn.act)
    spec = ["uir", kernels[1], stride, expansion.out_channels, projection.out_channels, 0, act, kernels[0], scaled]
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
    if keeps != unit.has_skip or not isinstance(getattr(unit, "aa", nn.Identity()), nn.Identity):
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
    return [kind, spatial.kernel_size[0], spatial.stride[0], inner, last.out_channels, squeezed, name], se_act, gate


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


def vision_transformer(arguments, network):
    shape = ("patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "img_size", "dynamic_img_size", "weight_init", "fix_init")
    parts = ("qkv_bias", "qk_norm", "proj_bias", "init_values", "class_token", "reg_tokens", "no_embed_class", "pre_norm", "global_pool")
    if not only(arguments, *shape, *parts, "fc_norm", "pool_include_prefix", "mlp_layer", "act_layer", "norm_layer"):
        return None
    if type(network).__name__ not in ("VisionTransformer", "VisionTransformerDistilled"):
        return None
    first = network.blocks[0]
    kinds = {"Mlp": "mlp", "SwiGLUPacked": "swiglu", "GluMlp": "swiglu"}
    norms = [module for module in network.modules() if "Norm" in type(module).__name__]
    act = activation(first.mlp.act)
    if type(first.mlp).__name__ not in kinds or any(type(norm).__name__ != "LayerNorm" for norm in norms):
        return None
    eps = {norm.eps for norm in norms}
    pool = arguments.get("global_pool", "token")
    if act is None or len(eps) != 1 or pool not in ("token", "avg", "map") or not isinstance(arguments.get("patch_size", 16), int):
        return None
    swiglu = kinds[type(first.mlp).__name__] == "swiglu"
    if swiglu and (act != "silu" or not first.mlp.gate_last is False):
        return None
    normed = arguments.get("fc_norm")
    defaults = {
        "patch_size": 16,
        "embed_dim": 768,
        "depth": 12,
        "num_heads": 12,
        "mlp_ratio": 4,
        "qkv_bias": True,
        "qk_norm": False,
        "proj_bias": True,
        "layer_scale": False,
        "class_token": True,
        "reg_tokens": 0,
        "no_embed_class": False,
        "distilled": False,
        "pre_norm": False,
        "global_pool": "token",
        "norm_pooled": pool == "avg",
        "pool_include_prefix": False,
        "mlp": "mlp",
        "act": "gelu",
        "eps": 1e-6,
    }
    given = {name: arguments.get(name, standard) for name, standard in defaults.items()} | {
        "layer_scale": arguments.get("init_values") is not None,
        "distilled": type(network).__name__ == "VisionTransformerDistilled",
        "norm_pooled": pool == "avg" if normed is None else normed,
        "mlp": "swiglu" if swiglu else "mlp",
        "act": "gelu" if swiglu else act,
        "eps": next(iter(eps)),
    }
    return "vit", "vit", without_defaults(given, defaults)


def inception_v3(arguments, network):
    return ("inception_v3", "inception_v3", {}) if only(arguments) else None


def swin(arguments, network):
    known = ("patch_size", "window_size", "embed_dim", "depths", "num_heads", "img_size", "mlp_ratio", "qkv_bias", "strict_img_size")
    if type(network).__name__ != "SwinTransformer" or not only(arguments, *known):
        return None
    defaults = {
        "patch_size": 4,
        "embed_dim": 96,
        "depths": [2, 2, 6, 2],
        "num_heads": [3, 6, 12, 24],
        "window_sizes": [7] * 4,
        "mlp_ratio": 4,
        "qkv_bias": True,
    }
    windows = [stage.blocks[0].window_size for stage in network.layers]
    if any(high != wide for high, wide in windows):
        return None
    given = {
        "patch_size": arguments.get("patch_size", 4),
        "embed_dim": arguments.get("embed_dim", 96),
        "depths": list(arguments.get("depths", (2, 2, 6, 2))),
        "num_heads": list(arguments.get("num_heads", (3, 6, 12, 24))),
        "window_sizes": [high for high, _ in windows],
        "mlp_ratio": arguments.get("mlp_ratio", 4),
        "qkv_bias": arguments.get("qkv_bias", True),
    }
    return "swin", "swin", without_defaults(given, defaults)


def swin_v2(arguments, network):
    known = ("window_size", "embed_dim", "depths", "num_heads", "pretrained_window_sizes")
    if not only(arguments, *known):
        return None
    windows = [stage.blocks[0].window_size for stage in network.layers]
    if any(high != wide for high, wide in windows):
        return None
    defaults = {
        "embed_dim": 96,
        "depths": [2, 2, 6, 2],
        "num_heads": [3, 6, 12, 24],
        "window_sizes": [8] * 4,
        "pretrained_window_sizes": [0] * 4,
    }
    given = {
        "embed_dim": arguments["embed_dim"],
        "depths": list(arguments["depths"]),
        "num_heads": list(arguments["num_heads"]),
        "window_sizes": [high for high, _ in windows],
        "pretrained_window_sizes": list(arguments.get("pretrained_window_sizes", (0, 0, 0, 0))),
    }
    return "swin_v2", "swin_v2", without_defaults(given, defaults)


METAFORMER_NORMS = {
    "GroupNorm1": "group",
    "GroupNorm1NoBias": "group_no_bias",
    "LayerNorm2dNoBias": "layer_no_bias",
    "LayerNormNoBias": "layer_no_bias",
}


def metaformer(arguments, network):
    known = ("depths", "dims", "token_mixers", "mlp_act", "mlp_bias", "norm_layers", "downsample_norm")
    if not only(arguments, *known, "layer_scale_init_values", "res_scale_init_values", "use_mlp_head"):
        return None
    blocks = [stage.blocks[0] for stage in network.stages]
    mixers = {"Pooling": "pool", "SepConv": "separable", "Attention": "attention"}
    acts = {"StarReLU": "star_relu", "GELU": "gelu"}
    norms = {METAFORMER_NORMS.get(type(block.norm1).__name__) for block in blocks}
    act = acts.get(type(blocks[0].mlp.act).__name__)
    if len(norms) != 1 or None in norms or act is None or type(network.stem.norm).__name__ not in ("Identity", "LayerNorm2dNoBias"):
        return None
    defaults = {
        "depths": [3, 3, 9, 3],
        "dims": [64, 128, 320, 512],
        "token_mixers": ["separable", "separable", "attention", "attention"],
        "norm": "layer_no_bias",
        "downsample_norm": True,
        "act": "star_relu",
        "mlp_bias": False,
        "layer_scale": 0,
        "res_scales": [False, False, True, True],
        "mlp_head": True,
    }
    given = {
        "depths": list(arguments["depths"]),
        "dims": list(arguments["dims"]),
        "token_mixers": [mixers[type(block.token_mixer).__name__] for block in blocks],
        "norm": next(iter(norms)),
        "downsample_norm": not isinstance(network.stem.norm, nn.Identity),
        "act": act,
        "mlp_bias": arguments.get("mlp_bias", False),
        "layer_scale": arguments.get("layer_scale_init_values") or 0,
        "res_scales": [not isinstance(block.res_scale1, nn.Identity) for block in blocks],
        "mlp_head": arguments.get("use_mlp_head", True),
    }
    return "metaformer", "metaformer", without_defaults(given, defaults)


def regnet(arguments, network):
    config = arguments.get("model_cfg")
    if config is None or not only(arguments, "model_cfg"):
        return None
    plain = config.bottle_ratio == 1 and config.downsample == "conv1x1" and not (config.linear_out or config.preact or config.num_features)
    act = activation(config.act_layer)
    if not plain or act is None or config.norm_layer not in (None, "batchnorm"):
        return None
    stages = [network.s1, network.s2, network.s3, network.s4]
    given = {
        "widths": [stage.b1.conv3.conv.out_channels for stage in stages],
        "depths": [len(list(stage.children())) for stage in stages],
        "group_sizes": [stage.b1.conv2.conv.weight.shape[1] for stage in stages],
        "stem_width": config.stem_width,
        "se_ratio": config.se_ratio,
        "act": act,
    }
    defaults = {"widths": None, "depths": None, "group_sizes": None, "stem_width": 32, "se_ratio": 0, "act": "relu"}
    return "regnet", "regnet", without_defaults(given, defaults)


def densenet(arguments, network):
    if not only(arguments, "growth_rate", "block_config"):
        return None
    given = {
        "growth_rate": arguments.get("growth_rate", 32),
        "block_config": list(arguments["block_config"]),
        "stem_size": network.features.conv0.out_channels,
    }
    defaults = {"growth_rate": 32, "block_config": [6, 12, 24, 16], "stem_size": 2 * given["growth_rate"]}
    return "densenet", "densenet", without_defaults(given, defaults)


def vgg(arguments, network):
    if not only(arguments, "model_cfg", "norm_layer") or arguments.get("norm_layer") not in (None, nn.BatchNorm2d):
        return None
    stages = " ".join(map(str, arguments["model_cfg"])).split("M")[:-1]
    widths = [set(stage.split()) for stage in stages]
    if widths != [{"64"}, {"128"}, {"256"}, {"512"}, {"512"}]:
        return None
    given = {"depths": [len(stage.split()) for stage in stages], "norm": "norm_layer" in arguments}
    return "vgg", "vgg", without_defaults(given, {"depths": [2, 2, 3, 3, 3], "norm": False})


FAMILIES = {
    "convnext": convnext,
    "deit": vision_transformer,
    "densenet": densenet,
    "efficientnet": efficientnet,
    "inception_v3": inception_v3,
    "metaformer": metaformer,
    "mobilenetv3": mobilenet_v3,
    "regnet": regnet,
    "resnet": resnet,
    "swin_transformer": swin,
    "swin_transformer_v2": swin_v2,
    "vgg": vgg,
    "vision_transformer": vision_transformer,
}
