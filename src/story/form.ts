import type { Prompt } from "./prompt.ts";

/** A form: files, the prompt that goes with them, and fields. */
export async function readForm(contentType: string, body: Uint8Array): Promise<Prompt> {
  const prompt: Prompt = { parameters: [], parts: [] };
  let form: FormData;
  try {
    // Whatever runs this has a parser of forms.
    form = await new Response(body.slice(), {
      headers: { "content-type": contentType },
    }).formData();
  } catch {
    return { ...prompt, problem: "The form could not be read." };
  }
  for (const [name, value] of form) {
    if (typeof value !== "string")
      prompt.parts.push({
        ...{ path: name, role: "user", kind: kindOf(value.type), name: value.name },
        text: `${value.type || "file"}, ${value.size} bytes`,
      });
    else if (name === "model") prompt.model = value;
    else if (name === "prompt")
      prompt.parts.push({ path: name, role: "user", kind: "text", text: value });
    else prompt.parameters.push([name, value]);
  }
  return prompt;
}

function kindOf(type: string): "image" | "audio" | "file" {
  const [kind] = type.split("/");
  return kind === "image" || kind === "audio" ? kind : "file";
}
