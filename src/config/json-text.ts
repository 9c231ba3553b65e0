/** Reads JSON; what is wrong is told with its place, which `JSON.parse` does for some errors only. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, unexpected] = /^(Unexpected token '.+?'), /s.exec((error as Error).message) ?? [];
    if (unexpected === undefined) throw error;
    const before = text.slice(0, faultIn(text)).split("\n");
    const place = `line ${before.length} column ${before.at(-1)!.length + 1}`;
    throw new SyntaxError(`${unexpected} in JSON (${place})`);
  }
}

/** Where the token is that does not belong: a text that is cut off before it is merely unfinished. */
function faultIn(text: string): number {
  let [sound, faulty] = [0, text.length];
  while (faulty - sound > 1) {
    const middle = Math.floor((sound + faulty) / 2);
    if (hasFault(text.slice(0, middle))) faulty = middle;
    else sound = middle;
  }
  return faulty - 1;
}

function hasFault(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as Error).message.startsWith("Unexpected token");
  }
}
