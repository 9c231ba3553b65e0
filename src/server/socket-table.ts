import { closeSync, openSync, read } from "node:fs";
import { isIPv4, type Socket } from "node:net";
import { endianness } from "node:os";

/** A socket as Linux lists it in /proc/net/tcp and /proc/net/tcp6 (proc(5)). */
export type Row = {
  uid: number;
  /** Whether a program holds it: once it has closed, Linux forgets whose it was. */
  isHeld: boolean;
  isEstablished: boolean;
};

/** Rows by their two addresses. */
export type Rows = Map<string, Row>;

/** What a list calls the sockets at both ends of a connection. */
export type Ends = {
  /** The relay's own. */
  here: string;
  there: string;
  /** That of a program that dialled an IPv4 address from a socket of IPv6. */
  mapped: string;
};

/** What follows the addresses: state, four columns, uid, timeouts, inode. */
const columns = /^ (\w\w) \S+ \S+ \S+ +(\d+) +\d+ (\d+)/;

/**
 * Takes those rows out of a list that are `wanted`. There may be tens of thousands of others: they are
 * passed over by their addresses, whose width is the same in all rows.
 */
export function pickRows(list: string, wanted: ReadonlySet<string>, rows: Rows): void {
  let start = list.indexOf("\n") + 1;
  const first = list.indexOf(": ", start) + 2;
  const width = 2 * (list.indexOf(" ", first) - first) + 1;
  while (start > 0) {
    const at = list.indexOf(": ", start) + 2;
    const ends = list.slice(at, at + width);
    if (wanted.has(ends)) {
      const [, state, uid, inode] = columns.exec(list.slice(at + width, at + width + 120)) ?? [];
      rows.set(ends, { uid: Number(uid), isHeld: inode !== "0", isEstablished: state === "01" });
    }
    start = list.indexOf("\n", at) + 1;
    if (start === list.length) return;
  }
}

/** `undefined` once the connection is closed. */
export function endsOf(socket: Socket): Ends | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || remoteAddress === undefined) return undefined;
  const [local, remote] = [toHex(localAddress), toHex(remoteAddress)];
  const [localEnd, remoteEnd] = [toHexPort(localPort!), toHexPort(remotePort!)];
  return {
    here: `${local}:${localEnd} ${remote}:${remoteEnd}`,
    there: `${remote}:${remoteEnd} ${local}:${localEnd}`,
    mapped: `${mapped}${remote}:${remoteEnd} ${mapped}${local}:${localEnd}`,
  };
}

function toHexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** The 32-bit words of an address, each as a number of this machine. */
function toHex(address: string): string {
  const bytes = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : toBytes(address);
  return (endianness() === "LE" ? bytes.swap32() : bytes).toString("hex").toUpperCase();
}

/** RFC 4291 section 2.2, without an IPv4 address at the end. */
function toBytes(address: string): Buffer {
  const sides = address.split("%", 1)[0]!.split("::");
  const [left, right] = sides.map((side) => side.split(":").filter(Boolean));
  const zeros = Array<string>(8 - left!.length - (right?.length ?? 0)).fill("0");
  const groups = [...left!, ...zeros, ...(right ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** What stands in front of an IPv4 address on a socket of IPv6. */
const mapped = toHex("::ffff:0:0").slice(0, 24);

/** A file that is opened once, so that it can be read when no more files can be opened. */
export type ProcFile = { read(): Promise<string>; close(): void };

/** Throws when it cannot be opened. */
export function openProcFile(path: string): ProcFile {
  const fd = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(65_536);

  function piece(at: number): Promise<string> {
    return new Promise((resolve, reject) => {
      // In the thread pool: Linux looks through all its connections, which can take milliseconds.
      read(fd, buffer, 0, buffer.length, at, (error, length) => {
        if (error) reject(error);
        else resolve(buffer.toString("latin1", 0, length));
      });
    });
  }

  return {
    async read() {
      let text = "";
      for (let next = await piece(0); next !== ""; next = await piece(text.length)) text += next;
      return text;
    },
    close: () => closeSync(fd),
  };
}
