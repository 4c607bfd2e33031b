[(body) (steps) (model) (loss) (train) (arguments) (list)] @fold
