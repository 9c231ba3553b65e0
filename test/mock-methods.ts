import OpenAI from "openai";

/** A method of the OpenAI SDK: `client.files.create` asks `POST /files`. */
export type Method = { operation: string; name: string };

/** An operation without the names of its parameters, which the SDK has its own for. */
export function nameless(operation: string): string {
  return operation.replace(/\{\w+\}/g, "{}");
}

/** Which method of the SDK asks which operation, read from the methods' own source. */
export function sdkMethods(): Method[] {
  const client = new OpenAI({ apiKey: "none", adminAPIKey: "none" });
  return methodsBelow(client, "client");
}

const call = /_client\s*\.(get|post|delete|getAPIList)\(\s*(?:path\s*)?([`'"])(\/.*?)\2([\s\S]*)/;

function methodsOf(resource: object, name: string): Method[] {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(resource)));
  return methods.flatMap(([method, { value }]) => {
    const isMethod = typeof value === "function" && method !== "constructor";
    const found = isMethod ? call.exec(value.toString()) : null;
    if (!found) return [];
    const [, verb = "", , path = "", rest = ""] = found;
    const isPostedList = /method: ['"]post['"]/.test(rest);
    const asked = verb === "getAPIList" ? (isPostedList ? "POST" : "GET") : verb.toUpperCase();
    const operation = `${asked} ${path.replace(/\$\{[^}]*\}/g, "{}")}`;
    return [{ operation, name: `${name}.${method}` }];
  });
}

function methodsBelow(owner: object, name: string): Method[] {
  return Object.entries(owner).flatMap(([key, resource]) => {
    if (key.startsWith("_") || typeof resource !== "object" || !resource?._client) return [];
    const below = `${name}.${key}`;
    return [...methodsOf(resource, below), ...methodsBelow(resource, below)];
  });
}
