"""How timm's networks are calls of our blocks, by the module of timm that defines them.

A function gets what timm passes to the network's class, and the network itself. It returns the file in models/backbones, the block in it and
its arguments, or None for a network that the block cannot build. Arguments that are the block's own defaults are left out.
"""

from published_arguments import activation, only, without_defaults
from published_mobile import efficientnet, mobilenet_v3
from published_transformers import eva, metaformer, swin, swin_v2, vision_transformer
from torch import nn


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


def inception_v3(arguments, network):
    return ("inception_v3", "inception_v3", {}) if only(arguments) else None


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
    "eva": eva,
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
