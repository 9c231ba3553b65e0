import { operations } from "../conformance/operations.ts";
import type { Prices } from "../usage/prices.ts";
import { type CallMetrics, createCallMetrics } from "./calls.ts";
import { createOperationLabels } from "./operation.ts";

/** Metrics of calls, in the thread that hears of them. Models are those that have a price. */
export function createMetrics({ models }: Pick<Prices, "models">): CallMetrics {
  return createCallMetrics({
    operationOf: createOperationLabels(operations),
    modelOf(model) {
      // A dated snapshot counts as the model without the date, as in the prices.
      const undated = model.replace(/-\d{4}-\d{2}-\d{2}$/, "");
      return [model, undated].find((name) => Object.hasOwn(models, name));
    },
  });
}
