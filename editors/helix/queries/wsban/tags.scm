(model name: (identifier) @definition.module)

(block name: (identifier) @definition.function)

(branch name: (identifier) @definition.function)
