const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text; `undefined`: they are none that can be shown or pasted. */
export function textIn(bytes: Uint8Array): string | undefined {
  try {
    const text = strict.decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
