import { isAbsolute, join } from "node:path";
import { type Job, type Manager, mark } from "./manager.ts";

const unit = "openai-relay.service";

/** systemd's manager of the user's own services. */
export function systemd(env: NodeJS.ProcessEnv, home: string): Manager {
  const { XDG_CONFIG_HOME: chosen } = env;
  const folder = chosen && isAbsolute(chosen) ? chosen : join(home, ".config");
  const systemctl = (...args: string[]) => ({ argv: ["systemctl", "--user", ...args] });
  const reload = systemctl("daemon-reload");
  return {
    name: "systemd",
    file: join(folder, "systemd/user", unit),
    describe,
    start: (isNew) => [
      reload,
      systemctl("enable", unit),
      systemctl(isNew ? "restart" : "start", unit),
    ],
    stop: [systemctl("disable", "--now", unit)],
    forget: [reload],
    status: systemctl("show", "--property=ActiveState,UnitFileState", unit),
    readStatus: (printed) => [...printed.matchAll(/=(\S+)/g)].map(([, word]) => word).join(", "),
    log: `journalctl --user -u ${unit}`,
  };
}

function describe({ command, drainMs, isConfined }: Job): string {
  return `# ${mark}, which writes it anew: put changes of your own into
# "systemctl --user edit ${unit}".
[Unit]
Description=openai-relay, a local relay for the OpenAI API

[Service]
Type=exec
ExecStart=:${command.map(quoted).join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
# Settings or flags that are wrong do not mend themselves.
RestartPreventExitStatus=2 3
# The relay tells its workers; it has ${drainMs / 1000} s to finish live answers.
KillMode=mixed
TimeoutStopSec=${Math.ceil(drainMs / 1000) + 10}
UMask=0077
${isConfined ? confined : unconfined}
[Install]
WantedBy=default.target
`;
}

/**
 * What a manager without privileges can do. Not what needs namespaces (ProtectSystem, PrivateTmp): they hide
 * who other users are, whom the relay keeps out, and fail where such namespaces are not allowed.
 * Not MemoryDenyWriteExecute: V8 compiles.
 */
const confined = `NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`;

const unconfined = `# Not confined: the command that prints the key may need privileges of its own, as 1Password's does.
`;

/** As systemd.syntax(7) has it; the colon before the program keeps $ as it is. */
function quoted(argument: string): string {
  return `"${argument.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}
