import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** Copies a text, and says so for a moment. */
export function Copy({ text, label = "Copy" }: { text: () => string; label?: string }) {
  const [done, setDone] = useState("");
  async function copy(): Promise<void> {
    setDone((await copyText(text())) ? "Copied" : "Not allowed");
    setTimeout(setDone, 1_500, "");
  }
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      <Icon name={done === "Copied" ? "check" : "copy"} />
      <span aria-live="polite">{done || label}</span>
    </button>
  );
}

/** `false`: the browser does not let a page do it. */
export async function copyText(text: string): Promise<boolean> {
  // Only pages of this machine, or over TLS, have a clipboard.
  if (!navigator.clipboard) return copySelected(text);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => copySelected(text),
  );
}

function copySelected(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}
