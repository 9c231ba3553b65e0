import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { scriptSchema } from "./schema.ts";

/** JSON Schema (draft 7) of scripts, for editors and other checkers. */
export function scriptJsonSchema(): JsonSchema {
  const options = { typeMode: "input", errorMode: "ignore" } as const;
  const { $schema, ...schema } = toJsonSchema(scriptSchema, options);
  return { $schema: $schema!, title: "Script of openai-relay's mock", ...schema };
}
