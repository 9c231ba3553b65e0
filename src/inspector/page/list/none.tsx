import { link, status } from "../link.ts";
import { Copy } from "../parts/copy.tsx";

/** Before the first call: how to make one. */
export function NoCalls() {
  const url = status.value?.url ?? "http://127.0.0.1:8484/v1";
  const shell = `export OPENAI_BASE_URL=${url} OPENAI_API_KEY=relay`;
  const curl = `curl -N ${url}/responses \\
  -H 'content-type: application/json' \\
  -d '{"model": "gpt-5", "input": "Say hello", "stream": true}'`;
  return (
    <div class="state">
      <h2>No calls yet</h2>
      <p>Point any OpenAI client at this relay; each call shows up here the moment it begins.</p>
      <Sample text={shell} />
      <p>Or try it at once:</p>
      <Sample text={curl} />
      {link.value === "live" && status.value?.journal === undefined && (
        <p class="note">This relay keeps no journal (--no-journal): calls do not show up here.</p>
      )}
    </div>
  );
}

/** Something to paste into a terminal. */
export function Sample({ text }: { text: string }) {
  return (
    <div class="sample">
      <pre>{text}</pre>
      <Copy text={() => text} />
    </div>
  );
}
