// What the MCP SDK takes from its surroundings. In Node it would bring a validator of JSON Schemas that
// compiles code, three times the size, for schemas of which this server has none.

export { default as process } from "node:process";
export { CfWorkerJsonSchemaValidator as DefaultJsonSchemaValidator } from "@modelcontextprotocol/server/validators/cf-worker";
