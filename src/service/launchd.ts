import { join } from "node:path";
import { type Job, type Manager, mark } from "./manager.ts";

const label = "openai-relay";

/** launchd of macOS, in the user's own session. */
export function launchd(home: string, uid: number): Manager {
  const file = join(home, "Library/LaunchAgents", `${label}.plist`);
  const log = join(home, "Library/Logs", `${label}.log`);
  const session = `gui/${uid}`;
  const service = `${session}/${label}`;
  const bootstrap = { argv: ["launchctl", "bootstrap", session, file] };
  const bootout = { argv: ["launchctl", "bootout", service], mayFail: true } as const;
  const enable = { argv: ["launchctl", "enable", service] };
  return {
    name: "launchd",
    file,
    describe: (job) => describe(job, home, log),
    // The one before may still have answers to finish. One that is there already is started, where it
    // does not run.
    start: (isNew) =>
      isNew
        ? [bootout, enable, { ...bootstrap, patienceMs: 15_000 }]
        : [enable, { ...bootstrap, mayFail: true }, { argv: ["launchctl", "kickstart", service] }],
    stop: [bootout],
    forget: [],
    status: { argv: ["launchctl", "print", service] },
    readStatus(printed) {
      const [, state = "loaded"] = /^\tstate = (.+)$/m.exec(printed) ?? [];
      return state === "running" ? "active" : state;
    },
    log,
  };
}

function describe({ command, drainMs }: Job, home: string, log: string): string {
  const entries = Object.entries({
    Label: text(label),
    ProgramArguments: `<array>\n${command.map((part) => `\t\t${text(part)}\n`).join("")}\t</array>`,
    WorkingDirectory: text(home),
    RunAtLoad: "<true/>",
    // Started again when it fails, not when it was told to stop.
    KeepAlive: "<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>",
    ExitTimeOut: `<integer>${Math.ceil(drainMs / 1000) + 10}</integer>`,
    // 077, in decimal digits.
    Umask: "<integer>63</integer>",
    StandardOutPath: text(log),
    StandardErrorPath: text(log),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${mark}, which writes it anew. -->
<plist version="1.0">
<dict>
${entries.map(([key, value]) => `\t<key>${key}</key>\n\t${value}\n`).join("")}</dict>
</plist>
`;
}

function text(value: string): string {
  return `<string>${value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</string>`;
}
