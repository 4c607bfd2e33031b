[(body) (steps) (model) (loss) (train) (arguments) (parameters) (list)] @indent.begin

["}" ")" "]"] @indent.branch @indent.end
