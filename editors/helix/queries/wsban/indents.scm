[(body) (steps) (model) (loss) (train) (arguments) (parameters) (list)] @indent

["}" ")" "]"] @outdent
