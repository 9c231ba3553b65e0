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

/** The arguments of a program, after those that lead it to the relay. */
export function withPreset(program: string, args: readonly string[], access: Access): string[] {
  const name = basename(program.replaceAll("\\", "/")).replace(/\.(exe|cmd|js)$/i, "");
  return [...(Object.hasOwn(presets, name) ? presets[name]!(access) : []), ...args];
}
