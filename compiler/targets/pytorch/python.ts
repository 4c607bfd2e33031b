const keywords = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda match nonlocal not or pass raise return try type while with yield case'
  ).split(' '),
)

/** Names that generated code uses itself. */
const taken = new Set(
  'self torch nn F dist Tensor NamedTuple Path load_file super cast str int float bool tuple dict answers labelled optimizer_step steps load_weights'.split(
    ' ',
  ),
)

/** Attributes of every nn.Module: a child of that name is reached in another way. */
const moduleAttributes = new Set(
  (
    'T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr float forward ' +
    'get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules ' +
    'named_parameters parameters register_backward_hook register_buffer register_forward_hook register_forward_pre_hook ' +
    'register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook ' +
    'register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state ' +
    'set_submodule share_memory state_dict to to_empty train training type xpu zero_grad ' +
    // Attributes of modules with parameters: a block that ends in such a module is one itself.
    'affine bias centers class_weights dilation eps groups in_channels in_features kernel_size momentum normalize num_batches_tracked num_features ' +
    'out_channels out_features output_padding padding padding_mode per_class reset_parameters reset_running_stats running_mean running_var ' +
    'stride track_running_stats transposed weight'
  ).split(' '),
)

/** A name of the spec as a Python identifier: itself, where that is possible. */
export function identifier(parts: readonly string[]): string {
  const text = parts.join('_').replace(/[^A-Za-z0-9_]/g, '_')
  const legal = /^[A-Za-z]/.test(text) ? text : `v${text}`
  return keywords.has(legal) || taken.has(legal) ? `${legal}_` : legal
}

/** `conv_bn` as a class: ConvBn. */
export function className(parts: readonly string[]): string {
  const words = parts.join('_').split(/[^A-Za-z0-9]+/)
  const text = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  const legal = /^[A-Za-z]/.test(text) ? text : `V${text}`
  return keywords.has(legal) || taken.has(legal) ? `${legal}_` : legal
}

/** Whether a child module of this name is an attribute like others: no word of Python, nothing that nn.Module has, nothing mangled. */
export function isPlainChild(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !keywords.has(name) && !moduleAttributes.has(name) && !isMethod(name)
}

/** Whether nn.Module has something else of this name: such a child is in the state and no attribute. */
export function isTaken(name: string): boolean {
  return moduleAttributes.has(name) || name.startsWith('_') || isMethod(name)
}

/** The methods of generated classes beside forward. */
function isMethod(name: string): boolean {
  return /^forward(_step)?_\d+$/.test(name)
}

/** Whether nn.ModuleDict takes it as a key. */
export function isKey(name: string): boolean {
  return !isTaken(name) && !['clear', 'items', 'keys', 'pop', 'update', 'values'].includes(name)
}

/** A string literal. Text is quoted and escaped: it stays data. */
export function stringCode(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Text that may stand in a comment or a docstring. */
export function remark(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, ' ').replace(/["\\]/g, "'")
}
