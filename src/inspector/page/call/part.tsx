import type { PromptPart } from "../../../story/prompt.ts";
import { Json } from "../parts/json.tsx";
import { Text } from "../parts/text.tsx";
import { MediaView } from "./media.tsx";

/** A piece of what the model reads, with who says it and where it stands. */
export function PartView({ part }: { part: PromptPart }) {
  const { role, kind, name, path } = part;
  if (kind === "tool") {
    return (
      <details class="said">
        <summary>
          <h3 class="inline">Tool</h3> <code class="tool">{name}</code> <small>{path}</small>
        </summary>
        <Content part={part} />
      </details>
    );
  }
  return (
    <section class="said">
      <div class="heading">
        <h3>{kind === "text" ? role : `${role}, ${kind}`}</h3>
        {name && <code class="tool">{name}</code>}
        <small>{path}</small>
      </div>
      <Content part={part} />
    </section>
  );
}

function Content({ part: { kind, text, path } }: { part: PromptPart }) {
  const [, mime, base64] = /^data:((?:image|audio|video)\/[\w.+-]+);base64,(.*)$/s.exec(text) ?? [];
  if ((kind === "image" || kind === "audio") && mime && base64)
    return <MediaView media={{ kind, key: path, choice: 0, mime, base64: [base64] }} />;
  if (kind === "text") return <Text text={text} />;
  return <Json text={text} label={`Content of ${path}`} />;
}
