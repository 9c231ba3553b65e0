import type { Commit } from "./repository.ts";

/** What users know, and the files that make it; the first that fits counts. */
const areas: [title: string, files: RegExp][] = [
  ["relay check", /^src\/(?:check|conformance)\/|^src\/commands\/check\.ts/],
  ["relay curl", /^src\/curl\/|^src\/commands\/curl\.ts/],
  ["relay run", /^src\/run\/|^src\/commands\/run\.ts/],
  ["The mock, tapes and faults", /^src\/(?:mock|tape|fault|grade|test-runner)\//],
  ["Keys", /^src\/key\/|^src\/commands\/(?:key|secret)\.ts/],
  ["Policies", /^src\/policy\//],
  ["TLS and tokens", /^src\/tls\/|^src\/commands\/(?:tls|token)\.ts|client-tokens|\/tokens\.ts/],
  ["Settings", /^src\/config\/|^src\/commands\/config\.ts|^relay\.config/],
  ["Relaying", /^src\/(?:server|forward|upstream|workers|observe|client)\/|^src\/[a-z-]+\.ts/],
  ["Commands", /^src\//],
  ["Packages", /^package\.json|^bin\/|^\.github\//],
  ["Documentation", /^README\.md|^LICENSE/],
];
const rest = "Tests";

/** The notes of a release: what was done, sorted by what users know, in Markdown. */
export function notesOf(commits: readonly Commit[], version: string): string {
  const news = commits.filter(({ subject }) => !/^Release \d/.test(subject));
  const byArea = Map.groupBy(news, areaOf);
  const sections = [...areas.map(([title]) => title), rest].flatMap((title) => {
    const lines = byArea.get(title)?.map(({ subject }) => `- ${toMarkdown(subject)}\n`);
    return lines ? [`### ${title}\n\n${lines.join("")}`] : [];
  });
  if (sections.length === 0) sections.push("Nothing but the version.\n");
  return `${sections.join("\n")}\n${howToGet(version)}`;
}

function howToGet(version: string): string {
  return `### Getting it

\`npx openai-relay@${version} start\`, or one of the executables below, which need nothing else
(\`chmod +x\` on Linux and macOS). \`SHA256SUMS\` has their checksums.
`;
}

/** What a commit is about: the area of most of its files in src, or of any where it has none there. */
function areaOf({ files }: Commit): string {
  const sources = files.filter((file) => file.startsWith("src/"));
  const counts = new Map<string, number>();
  for (const file of sources.length > 0 ? sources : files) {
    const [title] = areas.find(([, pattern]) => pattern.test(file)) ?? [];
    if (title) counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  const [[most] = [rest]] = [...counts].sort(([, a], [, b]) => b - a);
  return most;
}

/** A subject is plain text: nothing in it is markup, a mention or a reference by accident. */
function toMarkdown(subject: string): string {
  return subject.replace(/[\\`*_<[\]]/g, "\\$&").replace(/(?<=^|\s)([@#])(?=\w)/g, "\\$1");
}
