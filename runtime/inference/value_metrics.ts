import { elementAt } from '../../grammar/present.js'
import { mean } from './label_metrics.js'

export interface ValuesMetrics {
  readonly kind: 'values'
  /** Mean absolute error, and the root of the mean squared error, in the unit of the values. */
  readonly mae: number
  readonly rmse: number
  /** Share of the variance that the predictions explain: 1 if they are exact, 0 for the mean of the images. */
  readonly r2: number
}

/**
 * Returns the errors of predicted values, each the mean over the values of a row, with the definitions of scikit-learn's `mean_absolute_error`,
 * `root_mean_squared_error` and `r2_score`.
 */
export function valuesMetrics(
  predictions: readonly ArrayLike<number>[],
  truths: readonly ArrayLike<number>[],
): ValuesMetrics {
  const columns = Array.from({ length: truths[0]?.length ?? 0 }, (_, column) => {
    const truth = truths.map((row) => elementAt(row, column))
    const errors = predictions.map((row, index) => elementAt(row, column) - elementAt(truth, index))
    const squares = errors.map((error) => error ** 2)
    const centre = mean(truth)
    const spread = mean(truth.map((value) => (value - centre) ** 2))
    const error = mean(squares)
    return {
      mae: mean(errors.map(Math.abs)),
      rmse: Math.sqrt(error),
      // Constant values have no variance: as in scikit-learn, only exact predictions explain them.
      r2: spread > 0 ? 1 - error / spread : Number(error === 0),
    }
  })
  return {
    kind: 'values',
    mae: mean(columns.map(({ mae }) => mae)),
    rmse: mean(columns.map(({ rmse }) => rmse)),
    r2: mean(columns.map(({ r2 }) => r2)),
  }
}
