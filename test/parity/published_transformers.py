"""Transformers of timm as calls of our blocks; see published_families.py."""

from published_arguments import activation, only, without_defaults
from torch import nn


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


def eva(arguments, network):
    shape = ("img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "dynamic_img_size")
    attention = ("qkv_fused", "qkv_bias", "scale_attn_inner", "scale_mlp", "swiglu_mlp", "swiglu_align_to", "init_values", "norm_layer")
    tokens = ("class_token", "num_reg_tokens", "use_abs_pos_emb", "global_pool", "use_fc_norm")
    rotary = ("use_rot_pos_emb", "rope_type", "ref_feat_shape", "rope_temperature", "rope_rotate_half")
    if not only(arguments, *shape, *attention, *tokens, *rotary):
        return None
    norms = [module for module in network.modules() if "Norm" in type(module).__name__]
    if any(type(norm).__name__ != "LayerNorm" for norm in norms) or len({norm.eps for norm in norms}) != 1:
        return None
    pool = arguments.get("global_pool", "avg")
    kinds = {"Mlp": "mlp", "GluMlp": "swiglu", "SwiGLU": "normed_swiglu" if arguments.get("scale_mlp") else "split_swiglu"}
    mlp = kinds[type(network.blocks[0].mlp).__name__]
    ropes = {"cat": "index", "dinov3": "centered"}
    rope = ropes.get(arguments.get("rope_type", "cat")) if arguments.get("use_rot_pos_emb") else "none"
    rows, columns = arguments.get("ref_feat_shape") or (0, 0)
    if pool not in ("avg", "token") or rope is None or rows != columns or (arguments.get("scale_mlp") and mlp != "normed_swiglu"):
        return None
    normed = arguments.get("use_fc_norm")
    defaults = {
        "patch_size": 16,
        "embed_dim": 768,
        "depth": 12,
        "num_heads": 12,
        "mlp_ratio": 4,
        "mlp": "mlp",
        "mlp_align": 1,
        "qkv_fused": True,
        "qkv_bias": True,
        "scale_attn_inner": False,
        "layer_scale": False,
        "class_token": True,
        "reg_tokens": 0,
        "abs_pos_emb": True,
        "rope": "none",
        "ref_feat_shape": 0,
        "rope_temperature": 10000,
        "rope_rotate_half": False,
        "global_pool": "avg",
        "norm_pooled": pool == "avg",
        "eps": 1e-6,
    }
    given = {name: arguments.get(name, standard) for name, standard in defaults.items()} | {
        "mlp": mlp,
        "mlp_align": arguments.get("swiglu_align_to", 0) or 1,
        "layer_scale": arguments.get("init_values") is not None,
        "reg_tokens": arguments.get("num_reg_tokens", 0),
        "abs_pos_emb": arguments.get("use_abs_pos_emb", True),
        "rope": rope,
        "ref_feat_shape": rows,
        "norm_pooled": pool == "avg" if normed is None else normed,
        "eps": norms[0].eps,
    }
    return "eva", "eva", without_defaults(given, defaults)


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
