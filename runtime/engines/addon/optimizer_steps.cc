#include "optimizer_steps.h"

#include <cmath>

#include "parallel.h"

namespace wsban {

namespace {

// Outputs may be the inputs themselves, cell for cell, so these loops are not told that nothing overlaps; what they write they have read before.

WSBAN_FOR_EACH_PROCESSOR
void Momentum(const float* weight, const float* velocity, const float* gradient, float* moved_weight,
              float* moved_velocity, const float* numbers, int64_t first, int64_t end) {
  const float rate = numbers[0], momentum = numbers[1], decay = numbers[2];
#pragma GCC ivdep
  for (int64_t cell = first; cell < end; cell++) {
    const float moved = momentum * velocity[cell] + (gradient[cell] + decay * weight[cell]);
    moved_velocity[cell] = moved;
    moved_weight[cell] = weight[cell] - rate * moved;
  }
}

WSBAN_FOR_EACH_PROCESSOR
void Adam(const float* weight, const float* mean, const float* square, const float* gradient, float* moved_weight,
          float* moved_mean, float* moved_square, const float* numbers, int64_t first, int64_t end) {
  const float rate = numbers[0], to_mean = numbers[1], to_square = numbers[2], eps = numbers[3], decay = numbers[4],
              shrinking = numbers[5];
#pragma GCC ivdep
  for (int64_t cell = first; cell < end; cell++) {
    const float slope = gradient[cell] + decay * weight[cell];
    const float of_mean = mean[cell] + (slope - mean[cell]) * to_mean;
    const float of_square = square[cell] + (slope * slope - square[cell]) * to_square;
    moved_mean[cell] = of_mean;
    moved_square[cell] = of_square;
    moved_weight[cell] = shrinking * weight[cell] - rate * of_mean / (std::sqrt(of_square) + eps);
  }
}

// So many inputs are of one shape, and the numbers come after them. No input is held afterwards: one that is held cannot be written in place.
int64_t CellsOf(const Computation& computation, int alike, int64_t count) {
  const TensorPointer weight = computation.Input(0), numbers = computation.Input(alike);
  for (int index = 1; index < alike; index++) {
    if (ShapeOf(computation.Input(index).get()) != ShapeOf(weight.get()))
      throw std::invalid_argument("a weight, its gradient and its slots differ in shape");
  }
  if (TF_TensorElementCount(numbers.get()) != count) throw std::invalid_argument("a step takes other numbers");
  return TF_TensorElementCount(weight.get());
}

}  // namespace

void MomentumStep::Compute(const Computation& computation) const {
  const int64_t cells = CellsOf(computation, 3, 3);
  const TensorPointer moved_weight = computation.OutputInPlaceOf(0, 0), moved_velocity = computation.OutputInPlaceOf(1, 1);
  const TensorPointer weight = computation.Input(0), velocity = computation.Input(1), gradient = computation.Input(2),
                      numbers = computation.Input(3);
  OverCells(cells, [&](int64_t first, int64_t end) {
    Momentum(Floats(weight), Floats(velocity), Floats(gradient), Floats(moved_weight), Floats(moved_velocity),
             Floats(numbers), first, end);
  });
}

void AdamStep::Compute(const Computation& computation) const {
  const int64_t cells = CellsOf(computation, 4, 6);
  const TensorPointer moved_weight = computation.OutputInPlaceOf(0, 0), moved_mean = computation.OutputInPlaceOf(1, 1),
                      moved_square = computation.OutputInPlaceOf(2, 2);
  const TensorPointer weight = computation.Input(0), mean = computation.Input(1), square = computation.Input(2),
                      gradient = computation.Input(3), numbers = computation.Input(4);
  OverCells(cells, [&](int64_t first, int64_t end) {
    Adam(Floats(weight), Floats(mean), Floats(square), Floats(gradient), Floats(moved_weight), Floats(moved_mean),
         Floats(moved_square), Floats(numbers), first, end);
  });
}

}  // namespace wsban
