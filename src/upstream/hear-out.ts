import type { Socket } from "node:net";

type Done = (error?: Error | null) => void;

/**
 * Hears an upstream out that stops reading: it may have answered an upload before it closed. A write
 * that finds the connection gone would destroy the socket with that answer unread; here it fails only
 * after reading has come to the end of what upstream said.
 */
export function hearOut(socket: Socket): void {
  const { _write: write, _writev: writev } = socket;
  const patient =
    (done: Done): Done =>
    (error) => {
      // Before others hear of the end: they are to know what kind of end it is.
      if (isGone(error) && !socket.readableEnded)
        socket.prependOnceListener("end", () => done(error));
      else done(error);
    };
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, patient(done));
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, patient(done));
}

function isGone(error: NodeJS.ErrnoException | null | undefined): boolean {
  return error?.code === "EPIPE" || error?.code === "ECONNRESET";
}
