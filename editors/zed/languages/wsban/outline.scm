(model "model" @context name: (identifier) @name) @item

(block "block" @context name: (identifier) @name) @item

(branch "branch" @context name: (identifier) @name) @item

(input "input" @context name: (identifier) @name) @item
