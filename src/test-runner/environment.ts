type Variables = Readonly<Record<string, string | undefined>>;

/** What leads clients to relays that run, the latest last. */
const leading: Variables[] = [];

/** What was there before the first of them. */
let before: Variables = {};

/** Lets `process.env` say this; returns what ends that, in whatever order relays stop. */
export function lead(own: Variables): () => void {
  if (leading.length === 0) {
    before = Object.fromEntries(Object.keys(own).map((name) => [name, process.env[name]]));
  }
  leading.push(own);
  put(own);
  return () => {
    leading.splice(leading.indexOf(own), 1);
    put(leading.at(-1) ?? before);
  };
}

function put(variables: Variables): void {
  for (const [name, value] of Object.entries(variables))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
}
