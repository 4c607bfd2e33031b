[(model) (block) (branch) (repetition)] @local.scope

(parameter name: (identifier) @local.definition.parameter)

(carried name: (identifier) @local.definition.parameter)

(repetition index: (identifier) @local.definition.parameter)

(binding name: (identifier) @local.definition.var)

(identifier) @local.reference
