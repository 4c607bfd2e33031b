/** A model without a label, which can predict and not be trained. */
export const unlabelledModel = `model m(size = 8) {
  input image: Image[3, size, size]
  branch master(image) {
    features = image -> conv2d(4, 3) -> relu
    logits   = features -> global_avg_pool -> linear(3)
  }
  predict probabilities = softmax(master.logits)
}
`
