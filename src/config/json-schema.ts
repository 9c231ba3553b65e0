import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { type Group, isSetting, tree } from "./names.ts";

/** JSON Schema (draft 7) of config files, for editors and other checkers. */
export function jsonSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Settings of openai-relay",
    ...schemaOf(tree, {
      $schema: { type: "string", description: "Where this schema is, for editors" },
      version: { const: 1, description: "Version of this file's format" },
    }),
  };
}

function schemaOf(group: Group, properties: Record<string, JsonSchema> = {}): JsonSchema {
  for (const [name, entry] of Object.entries(group)) {
    if (!isSetting(entry)) {
      properties[name] = schemaOf(entry);
      continue;
    }
    const { schema, about: description, default: fallback, example } = entry;
    // What JSON Schema cannot say, such as how long a time may be, is checked when a file is read.
    const { $schema: _, ...own } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
    properties[name] = { ...own, description, default: fallback as string };
    if (example !== undefined) properties[name].examples = [example as string];
  }
  return { type: "object", properties, additionalProperties: false };
}
