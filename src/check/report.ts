import * as v from "valibot";

const status = v.picklist(["passed", "warning", "failed", "skipped"]);

function described<T extends v.GenericSchema>(schema: T, about: string) {
  return v.pipe(schema, v.description(about));
}

/** How one check went. */
const check = v.object({
  name: described(v.string(), 'Name of the step, such as "dns"; names do not change'),
  status: described(status, "A warning fails the report only with --strict"),
  ms: described(v.number(), "Milliseconds it took"),
  detail: described(v.string(), "What was found, or what is wrong: one line"),
  hint: v.exactOptional(described(v.string(), "What to do about it: one line")),
  notes: v.exactOptional(described(v.array(v.string()), "More that was found, a line each")),
  exitCode: v.exactOptional(described(v.number(), "Of a failed step alone")),
});

const reportSchema = v.object({
  version: described(v.literal(1), "Version of this format; new members do not change it"),
  ok: described(v.boolean(), "Nothing failed"),
  upstream: described(
    v.string(),
    'Base URL that was checked, "loopback" (--conformance), "mock" or "unknown"',
  ),
  exitCode: described(v.number(), "Of the first step that failed; 0: none did"),
  checks: described(v.array(check), "The steps in the order of causes"),
});

export type Check = v.InferOutput<typeof check>;
export type Report = v.InferOutput<typeof reportSchema>;

/** JSON Schema (draft 7) of what `relay check --json` prints. */
export async function checkSchema(): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const { $schema, ...schema } = toJsonSchema(reportSchema);
  return { $schema, title: "Report of relay check", ...schema };
}
