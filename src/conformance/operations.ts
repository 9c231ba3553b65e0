import type { Operation } from "./cases.ts";
import kinds from "./operations.json" with { type: "json" };

type Kind = Omit<Operation, "method" | "path">;

/** The operations of the OpenAI API that are known; the data has them by kind, methods of a path together. */
export const operations: Operation[] = kinds.flatMap(({ operations, ...kind }) =>
  operations.flatMap((line) => {
    const [methods = "", path = ""] = line.split(" ");
    return methods.split(",").map((method) => ({ method, path, ...(kind as Kind) }));
  }),
);
