export type Sample = { name: string; labels: Record<string, string>; value: number };

export type Exposition = {
  text: string;
  /** Names of the metrics, as in their TYPE lines. */
  names: string[];
  samples(name: string): Sample[];
  /** The value of the one sample with these labels; fails where there is none. */
  value(name: string, labels?: Record<string, string>): number;
};

const sampleLine = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/gy;
const types = ["counter", "gauge", "histogram"];

/** Reads Prometheus' text format, and fails where it is not as it must be. */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { type: string; samples: Sample[] }>();
  let help: string | undefined;
  let current: { name: string; type: string; samples: Sample[] } | undefined;

  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [mark, word, name = "", ...rest] = line.split(" ");
    if (mark === "#" && word === "HELP") {
      if (!rest.join(" ").endsWith(".")) throw new Error(`no sentence: ${line}`);
      help = name;
    } else if (mark === "#" && word === "TYPE") {
      const type = rest.join(" ");
      if (help !== name || families.has(name) || !types.includes(type)) throw new Error(line);
      if ((type === "counter") !== name.endsWith("_total")) throw new Error(`badly named: ${line}`);
      current = { name, type, samples: [] };
      families.set(name, current);
    } else current!.samples.push(toSample(line, current!));
  }
  for (const [name, { type, samples }] of families) {
    const keys = samples.map(({ name, labels }) => JSON.stringify([name, labels]));
    if (new Set(keys).size !== keys.length) throw new Error(`${name} has a sample twice`);
    if (type === "histogram") checkBuckets(name, samples);
  }

  const all = [...families.values()].flatMap(({ samples }) => samples);
  const samples = (name: string) => all.filter((sample) => sample.name === name);
  return {
    text,
    names: [...families.keys()],
    samples,
    value(name, labels = {}) {
      const wanted = Object.entries(labels);
      const fits = (one: Sample) => wanted.every(([key, value]) => one.labels[key] === value);
      const found = samples(name).filter(fits);
      if (found.length !== 1) throw new Error(`${found.length} samples of ${name}:\n${text}`);
      return found[0]!.value;
    },
  };
}

function toSample(line: string, { name: family, type }: { name: string; type: string }): Sample {
  const [, name = "", inside = "", number = ""] = sampleLine.exec(line) ?? [];
  const suffix = name.slice(family.length);
  const isOwn = type === "histogram" ? /^_(bucket|sum|count)$/.test(suffix) : suffix === "";
  const value = Number(number);
  const labels = [...inside.matchAll(label)];
  const isRead = labels.map(([all]) => all).join("") === inside;
  if (!name.startsWith(family) || !isOwn || !isRead || Number.isNaN(value))
    throw new Error(`not understood: ${line}`);
  return { name, value, labels: Object.fromEntries(labels.map(([, key, text]) => [key!, text!])) };
}

/** Buckets never fall, and the last one counts everything. */
function checkBuckets(name: string, samples: Sample[]): void {
  let last: Sample | undefined;
  for (const sample of samples) {
    if (sample.name === `${name}_bucket`) {
      const goesOn = last && last.labels.le !== "+Inf";
      if (goesOn && sample.value < last!.value) throw new Error(`${name} falls`);
      last = sample;
    } else if (sample.name === `${name}_count`) {
      if (last?.labels.le !== "+Inf" || last.value !== sample.value)
        throw new Error(`${name} has not counted everything`);
    }
  }
}
