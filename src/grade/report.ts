import * as v from "valibot";

function described<T extends v.GenericSchema>(schema: T, about: string) {
  return v.pipe(schema, v.description(about));
}

/** What was found about one rule. */
const grade = v.object({
  rule: described(v.string(), 'Name of the rule, such as "waits"; names do not change'),
  verdict: described(
    v.picklist(["passed", "failed", "unknown"]),
    "failed: at least once; unknown: at least once it could not be seen from outside",
  ),
  about: described(v.string(), "What the rule asks of a client"),
  why: described(v.array(v.string()), "What was seen, a line for each occasion, worst first"),
  source: described(v.string(), "Who says so"),
});

const reportSchema = v.object({
  version: described(v.literal(1), "Version of this format; new members do not change it"),
  ok: described(v.boolean(), "No rule failed"),
  exitCode: described(v.nullable(v.number()), "The command's own; null: it ended by a signal"),
  seed: described(v.number(), "What decided which calls chance=… hits (--fault-seed)"),
  faults: described(v.record(v.string(), v.number()), "How often each fault struck"),
  calls: described(v.number(), "What the client wanted"),
  attempts: described(v.number(), "Requests that it made for them"),
  grades: described(v.array(grade), "The rules for which there was an occasion"),
});

export type Grade = v.InferOutput<typeof grade>;
export type GradeReport = v.InferOutput<typeof reportSchema>;

/** JSON Schema (draft 7) of what `relay run --json` prints. */
export async function gradeSchema(): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const { $schema, ...schema } = toJsonSchema(reportSchema);
  return { $schema, title: "Grades of relay run", ...schema };
}
