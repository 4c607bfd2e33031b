/** A pattern of a tensor's name, and its replacements: of several, the one for which the model has a tensor of the same shape. */
export type Renaming = readonly [pattern: RegExp, ...replacements: string[]]

/** The tensor names of a library other than timm. */
export interface Layout {
  readonly name: string
  /** A tensor by which the layout is recognised. */
  readonly sign: string
  /** Another one that must exist. */
  readonly also?: string
  /** Applied in order to each name. */
  readonly renamings: readonly Renaming[]
  /** The eps of all batch norms of its networks, if it differs from timm's for the same architecture. */
  readonly eps?: number
  /** Whether the class token's position embedding is stored with those of the patches, and is to be added to the token itself. */
  readonly embedsClassToken?: boolean
  /** Whether matrices of this layout are filters in the model, with the same values in the same order. */
  readonly flattensFilters?: boolean
}

/** torchvision numbers the stages of a network, and the layers between them, in one sequence. */
function alternating(stages: string): Renaming[] {
  return [1, 2, 3, 4].flatMap((stage): Renaming[] => [
    [new RegExp(`^features\\.${2 * stage - 1}\\.(\\d+)\\.`), `${stages}.${stage - 1}.blocks.$1.`],
    [new RegExp(`^features\\.${2 * stage}\\.`), `${stages}.${stage}.downsample.`],
  ])
}

/** torchvision numbers the parts of an inverted residual, some of which are optional; timm names them. */
const invertedResidual: readonly Renaming[] = [
  [/\.block\.0\.0\./, '.conv_dw.', '.conv_pw.', '.conv_exp.', '.conv.'],
  [/\.block\.0\.1\./, '.bn1.'],
  [/\.block\.1\.0\./, '.conv_dw.', '.conv_pwl.', '.conv_pw.'],
  [/\.block\.1\.1\./, '.bn2.'],
  [/\.block\.2\.0\./, '.conv_pwl.', '.conv_pw.'],
  [/\.block\.2\.1\./, '.bn3.', '.bn2.'],
  [/\.block\.3\.0\./, '.conv_pwl.'],
  [/\.block\.3\.1\./, '.bn3.'],
  [/\.block\.\d\.fc1\./, '.se.conv_reduce.'],
  [/\.block\.\d\.fc2\./, '.se.conv_expand.'],
]

const mobileStem: readonly Renaming[] = [
  [/^features\.0\.0\./, 'conv_stem.'],
  [/^features\.0\.1\./, 'bn1.'],
]

/** MobileNetV3 by the number of blocks of its stages, which torchvision numbers in one sequence. */
function mobileNetV3(variant: string, stages: readonly number[]): Layout {
  const blocks = stages.flatMap((length, stage) => Array.from({ length }, (_, block) => `blocks.${stage}.${block}`))
  const last = blocks.length + 1
  return {
    name: `torchvision's MobileNetV3 ${variant}`,
    sign: 'features.1.block.0.0.weight',
    also: `features.${last}.0.weight`,
    eps: 1e-3,
    renamings: [
      ...mobileStem,
      ...blocks.map((block, index): Renaming => [new RegExp(`^features\\.${index + 1}\\.block\\.`), `${block}.block.`]),
      ...invertedResidual,
      [new RegExp(`^features\\.${last}\\.0\\.`), `blocks.${stages.length}.0.conv.`],
      [new RegExp(`^features\\.${last}\\.1\\.`), `blocks.${stages.length}.0.bn1.`],
      [/^classifier\.0\./, 'conv_head.'],
      [/^classifier\.3\./, 'classifier.'],
    ],
  }
}

/** Layouts whose names differ from timm's; they are applied in order, each to the result of the previous ones. */
export const layouts: readonly Layout[] = [
  {
    name: "torchvision's vision transformer",
    sign: 'encoder.pos_embedding',
    renamings: [
      [/^class_token$/, 'cls_token'],
      [/^encoder\.pos_embedding$/, 'pos_embed'],
      [/^conv_proj\./, 'patch_embed.proj.'],
      [/^encoder\.layers\.encoder_layer_/, 'blocks.'],
      [/^encoder\.ln\./, 'norm.'],
      [/\.ln_(\d)\./, '.norm$1.'],
      [/\.self_attention\.in_proj_/, '.attn.qkv.'],
      [/\.self_attention\.out_proj\./, '.attn.proj.'],
      [/\.mlp\.(?:0|linear_1)\./, '.mlp.fc1.'],
      [/\.mlp\.(?:3|linear_2)\./, '.mlp.fc2.'],
      [/^heads\.head\./, 'head.'],
    ],
  },
  {
    name: "torchvision's Swin transformer",
    sign: 'features.1.0.attn.relative_position_bias_table',
    renamings: [
      [/^features\.0\.0\./, 'patch_embed.proj.'],
      [/^features\.0\.2\./, 'patch_embed.norm.'],
      ...alternating('layers'),
      [/\.mlp\.0\./, '.mlp.fc1.'],
      [/\.mlp\.3\./, '.mlp.fc2.'],
      [/^head\./, 'head.fc.'],
    ],
  },
  {
    name: "torchvision's ConvNeXt",
    sign: 'features.1.0.layer_scale',
    renamings: [
      [/^features\.0\./, 'stem.'],
      ...alternating('stages'),
      [/\.layer_scale$/, '.gamma'],
      [/\.block\.0\./, '.conv_dw.'],
      [/\.block\.2\./, '.norm.'],
      [/\.block\.3\./, '.mlp.fc1.'],
      [/\.block\.5\./, '.mlp.fc2.'],
      [/^classifier\.0\./, 'head.norm.'],
      [/^classifier\.2\./, 'head.fc.'],
    ],
  },
  {
    name: "its authors' ConvNeXt",
    sign: 'downsample_layers.0.0.weight',
    renamings: [
      [/^stages\.(\d)\.(\d+)\./, 'stages.$1.blocks.$2.'],
      [/^downsample_layers\.0\./, 'stem.'],
      [/^downsample_layers\.(\d)\./, 'stages.$1.downsample.'],
      [/\.dwconv\./, '.conv_dw.'],
      [/\.pwconv(\d)\./, '.mlp.fc$1.'],
      [/\.grn\.gamma$/, '.mlp.grn.weight'],
      [/\.grn\.beta$/, '.mlp.grn.bias'],
      [/^norm\./, 'head.norm.'],
      [/^head\.(weight|bias)$/, 'head.fc.$1'],
    ],
  },
  {
    name: "torchvision's EfficientNet",
    sign: 'features.1.0.block.0.0.weight',
    renamings: [
      ...mobileStem,
      ...Array.from(
        { length: 8 },
        (_, stage): Renaming => [
          new RegExp(`^features\\.${stage + 1}\\.(\\d+)\\.block\\.`),
          `blocks.${stage}.$1.block.`,
        ],
      ),
      ...invertedResidual,
      [/^features\.\d+\.0\./, 'conv_head.'],
      [/^features\.\d+\.1\./, 'bn2.'],
      [/^classifier\.1\./, 'classifier.'],
    ],
  },
  mobileNetV3('large', [1, 2, 3, 4, 2, 3]),
  mobileNetV3('small', [1, 2, 3, 2, 3]),
  {
    name: "torchvision's RegNet",
    sign: 'trunk_output.block1.block1-0.f.a.0.weight',
    renamings: [
      [/^stem\.0\./, 'stem.conv.'],
      [/^stem\.1\./, 'stem.bn.'],
      // Blocks are numbered from 0 there and from 1 in timm; no stage has more than 32.
      ...Array.from(
        { length: 32 },
        (_, block): Renaming => [new RegExp(`^trunk_output\\.block(\\d)\\.block\\d-${block}\\.`), `s$1.b${block + 1}.`],
      ),
      [/\.proj\.0\./, '.downsample.conv.'],
      [/\.proj\.1\./, '.downsample.bn.'],
      [/\.f\.se\./, '.se.'],
      ...['a', 'b', 'c'].flatMap((letter, index): Renaming[] => [
        [new RegExp(`\\.f\\.${letter}\\.0\\.`), `.conv${index + 1}.conv.`],
        [new RegExp(`\\.f\\.${letter}\\.1\\.`), `.conv${index + 1}.bn.`],
      ]),
      [/^fc\./, 'head.fc.'],
    ],
  },
  {
    name: "torchvision's first DenseNet",
    sign: 'features.denseblock1.denselayer1.norm.1.weight',
    renamings: [[/\.(norm|conv)\.(\d)\./, '.$1$2.']],
  },
  {
    name: "torchvision's VGG",
    sign: 'classifier.0.weight',
    also: 'features.0.weight',
    flattensFilters: true,
    renamings: [
      [/^classifier\.0\./, 'pre_logits.fc1.'],
      [/^classifier\.3\./, 'pre_logits.fc2.'],
      [/^classifier\.6\./, 'head.fc.'],
    ],
  },
  {
    name: "DINOv2's blocks in chunks",
    sign: 'blocks.0.0.norm1.weight',
    renamings: [[/^blocks\.\d+\.(\d+)\./, 'blocks.$1.']],
  },
  {
    name: "DINOv2's gated MLP",
    sign: 'blocks.0.mlp.w12.weight',
    renamings: [
      [/\.mlp\.w12\./, '.mlp.fc1.'],
      [/\.mlp\.w3\./, '.mlp.fc2.'],
    ],
  },
  {
    name: "DINOv2's registers",
    sign: 'register_tokens',
    embedsClassToken: true,
    renamings: [[/^register_tokens$/, 'reg_token']],
  },
]
