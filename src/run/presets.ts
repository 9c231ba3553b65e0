import { basename } from "node:path";
import type { Access } from "./environment.ts";

/** Arguments for programs that do not learn from the environment where OpenAI is. */
const presets: Record<string, (access: Access) => string[]> = {
  codex({ baseUrl, token }) {
    const url = `openai_base_url="${baseUrl}"`;
    if (token === undefined) return ["-c", url];
    // Its own provider would send the login of its user; this one takes a key from the environment,
    // and by its name is treated as OpenAI otherwise.
    const provider = [
      ...['name="OpenAI"', 'wire_api="responses"', "supports_websockets=true"],
      ...[`base_url="${baseUrl}"`, 'env_key="OPENAI_API_KEY"'],
    ];
    const settings = [url, 'model_provider="relay"', `model_providers.relay={${provider}}`];
    return settings.flatMap((setting) => ["-c", setting]);
  },
};

/** What stands between a program and its own arguments, so that it finds the relay. */
export function presetFor(program: string, access: Access): string[] {
  const name = basename(program.replaceAll("\\", "/")).replace(/\.(exe|cmd|js)$/i, "");
  return Object.hasOwn(presets, name) ? presets[name]!(access) : [];
}
