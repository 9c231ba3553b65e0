import { type Bend, firstOf, merged, onAnswerLines, sorted, toUtf8, without } from "./bend.ts";

/** What proxies do to the header lines of answers. */
export const answerLineBends: Bend[] = [
  lines("drops x-request-id", (all) => without(all, /^x-request-id$/i)),
  lines("drops retry-after", (all) => without(all, /^retry-after$/i)),
  lines("drops Date", (all) => without(all, /^date$/i)),
  lines("sorts header lines", sorted),
  lines("joins Set-Cookie", (all) => merged(all, (a, b) => `${a}, ${b}`)),
  lines("keeps the last Set-Cookie", (all) => merged(all, (_a, b) => b)),
  lines("lower-cases names", (all) => all.map(([name, value]) => [name.toLowerCase(), value])),
  lines("drops lines without a value", (all) => all.filter(([, value]) => value !== "")),
  lines("folds latin-1 into UTF-8", (all) => all.map(([name, value]) => [name, toUtf8(value)])),
  lines("adds Date", (all) => (firstOf(all, "date") ? all : [...all, ["Date", "now"]])),
  lines("adds X-Accel-Buffering", (all) => [...all, ["X-Accel-Buffering", "no"]]),
  lines("adds Via", (all) => [...all, ["Via", "1.1 relay"]]),
  lines("adds Cache-Control", (all) => [...all, ["Cache-Control", "no-transform"]]),
  lines("adds to Vary", (all) => all.map(([n, v]) => [n, /^vary$/i.test(n) ? `${v}, Accept` : v])),
  lines("passes Alt-Svc", (all) => [...all, ["Alt-Svc", 'h3=":443"']]),
  lines("passes Strict-Transport-Security", (all) => [
    ...all,
    ["Strict-Transport-Security", "max-age=1"],
  ]),
  lines("passes what Connection names", (all) => [...all, ["X-Hop", "1"]]),
  lines("points Location at itself", (all) =>
    all.map(([n, v]) => [n, /^location$/i.test(n) ? `http://127.0.0.1${v}` : v]),
  ),
  lines("drops Content-Encoding", (all) => without(all, /^content-encoding$/i)),
  lines("drops Content-Range", (all) => without(all, /^content-range$/i)),
];

function lines(name: string, change: Parameters<typeof onAnswerLines>[0]): Bend {
  const inside = onAnswerLines(change);
  return { name: `answer headers: ${name}`, shows: "answer headers", inside };
}
