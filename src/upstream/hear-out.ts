import type { Socket } from "node:net";

type Done = (error?: Error | null) => void;

/**
 * Hears an upstream out that stops reading: it may have answered an upload before it closed. A write
 * that finds the connection gone would destroy the socket with that answer unread. It is left pending
 * instead: reading comes to the end of what upstream said, and then to the same fault.
 */
export function hearOut(socket: Socket): void {
  const { _write: write, _writev: writev } = socket;
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, patient(done));
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, patient(done));
}

function patient(done: Done): Done {
  return (error) => {
    const { code } = (error ?? {}) as NodeJS.ErrnoException;
    if (code !== "EPIPE" && code !== "ECONNRESET") done(error);
  };
}
