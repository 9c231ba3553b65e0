import { list, section, toggle, whole } from "../kinds.ts";

const request = [
  /^(?:[a-z]+ )?\/[^\s%?#]*$/i,
  'a path such as "/v1/files*", with a method in front if need be ("DELETE /v1/files*")',
] as const;

const model = [/^\S+$/, 'a model such as "gpt-5" or "gpt-5*"'] as const;

export const policy = section("Policy", {
  allow: list(request, "Forward only these requests; none: all", {
    placeholder: "request",
    example: ["POST /v1/responses", "GET /v1/models*"],
  }),
  deny: list(request, "Never forward these requests, whatever allow says", {
    placeholder: "request",
    example: ["DELETE /v1/*", "/v1/organization*"],
  }),
  models: list(model, "Forward only requests that name one of these models; none: any", {
    placeholder: "model",
    example: ["gpt-5*", "text-embedding-3-*"],
  }),
  denyModels: list(model, "Never forward requests that name one of these models", {
    placeholder: "model",
    example: ["*-pro*"],
  }),
  maxOutputTokens: whole(
    0,
    1_000_000_000,
    0,
    "Most output tokens that a request may ask for; 0: any",
  ),
  readOnly: toggle(false, "Forward only GET, HEAD and OPTIONS, and no WebSockets"),
});
