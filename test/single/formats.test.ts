import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stripElf } from "../../bin/single/elf.ts";
import { isSigned, unsignPe } from "../../bin/single/pe.ts";
import { findFlaw, sign } from "../../bin/single/signature.ts";
import { createFolder } from "../support/folder.ts";

const here = process.platform === "linux" && process.arch === "x64";

test.runIf(here)("Node without its symbols is smaller, and still runs", () => {
  using folder = createFolder();
  const node = readFileSync(process.execPath);
  const stripped = stripElf(node);
  writeFileSync(folder.at("node"), stripped, { mode: 0o755 });

  const told = execFileSync(folder.at("node"), ["-p", "process.version + new Intl.Locale('de')"]);

  expect(told.toString().trim()).toBe(`${process.version}de`);
  expect(stripped.length).toBeLessThan(0.9 * node.length);
  expect(stripElf(stripped).equals(stripped)).toBe(true);
});

test("what V8 has compiled is the same each time", () => {
  const script = `(function () { process.stdout.write([1].map((n) => n + 1) + ""); })`;
  using folder = createFolder({ "relay.js": script });
  const compile = join(import.meta.dirname, "../../bin/single/compile.ts");

  for (const name of ["one", "two"]) {
    const args = ["--hash-seed=1", compile, folder.at("relay.js"), folder.at(name)];
    execFileSync(process.execPath, args);
  }

  expect(readFileSync(folder.at("one")).length).toBeGreaterThan(100);
  expect(readFileSync(folder.at("one"))).toEqual(readFileSync(folder.at("two")));
});

describe("an ad-hoc signature", () => {
  test("covers every page", () => {
    const signed = sign(machO(), "openai-relay");
    const ends = [...Array(4).keys()].map((page) => page * 4096 + 4095);

    expect(findFlaw(signed)).toBeUndefined();
    for (const at of [4, ...ends]) {
      const changed = Buffer.from(signed);
      changed[at]! ^= 1;
      expect(findFlaw(changed), `byte ${at}`).toMatch(/^1 pages are not/);
    }
  });

  test("takes the place of another one", () => {
    const signed = sign(machO(), "another-name");

    expect(sign(signed, "openai-relay")).toEqual(sign(machO(), "openai-relay"));
  });

  test("is missed where there is none, or something follows it", () => {
    const signed = sign(machO(), "openai-relay");

    expect(findFlaw(machO())).toBe("it is not signed");
    expect(findFlaw(Buffer.concat([signed, Buffer.alloc(1)]))).toBe("the signature is not its end");
  });

  /** A program of two segments: the first three pages, and the last. */
  function machO(): Buffer {
    const file = Buffer.alloc(4 * 4096, "relay");
    file.fill(0, 0, 512);
    for (const [i, number] of [0xfeedfacf, 0x0100000c, 0, 2, 2, 72 + 80 + 72].entries())
      file.writeUInt32LE(number, i * 4);
    segment(32, "__TEXT", 0, 3 * 4096, 1);
    file.writeUInt32LE(512, 32 + 72 + 48);
    segment(32 + 72 + 80, "__LINKEDIT", 3 * 4096, 4096, 0);
    return file;

    function segment(at: number, name: string, offset: number, size: number, sections: number) {
      file.writeUInt32LE(0x19, at);
      file.writeUInt32LE(72 + sections * 80, at + 4);
      file.write(name, at + 8, "latin1");
      file.writeBigUInt64LE(BigInt(size), at + 32);
      file.writeBigUInt64LE(BigInt(offset), at + 40);
      file.writeBigUInt64LE(BigInt(size), at + 48);
      file.writeUInt32LE(sections, at + 64);
    }
  }
});

test("a Windows program loses a signature that would be broken", () => {
  const file = Buffer.alloc(2048, 1);
  file.write("MZ", 0, "latin1");
  file.writeUInt32LE(64, 60);
  file.write("PE\0\0", 64, "latin1");
  file.writeUInt16LE(0x8664, 64 + 4);
  file.writeUInt16LE(0x20b, 64 + 24);
  file.writeUInt32LE(1536, 64 + 168);
  file.writeUInt32LE(512, 64 + 172);

  const unsigned = unsignPe(file);

  expect([isSigned(file), isSigned(unsigned)]).toEqual([true, false]);
  expect(unsigned.length).toBe(1536);
  expect(unsignPe(unsigned)).toEqual(unsigned);
});
