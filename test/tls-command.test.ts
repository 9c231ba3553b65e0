import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate,
  id_ce_basicConstraints,
  id_ce_nameConstraints,
  NameConstraints,
} from "@peculiar/asn1-x509";
import { expect, test } from "vitest";
import { ConfigError } from "../src/config/error.ts";
import { madeFiles } from "../src/tls/files.ts";
import { toHost } from "../src/tls/host.ts";
import { makeCertificates } from "../src/tls/make.ts";
import { writeMade } from "../src/tls/store.ts";
import { runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { ask, getSecure } from "./support/tls-client.ts";

const dayMs = 24 * 3_600_000;
const loopback = ["localhost", "127.0.0.1", "::1"];

type Home = ReturnType<typeof createHome>;

/** A user with an empty home. */
function createHome() {
  const folder = createFolder();
  const env = { HOME: folder.path };
  const files = madeFiles(env);
  return {
    env,
    files,
    tls: (...args: string[]) => runCommand(["tls", ...args], { env }),
    /** Stores certificates that were made `days` ago. */
    store: (days: number, names = loopback) =>
      writeMade(files, makeCertificates(names, new Date(Date.now() - days * dayMs))),
    server: () => readFileSync(files.server, "utf8"),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("relay tls makes what the user alone can read, and prints the one variable to set", async () => {
  using home = createHome();

  const { code, stdout, stderr } = await home.tls();

  expect(code).toBe(0);
  expect(stdout).toBe(`NODE_EXTRA_CA_CERTS=${home.files.ca}\n`);
  expect(stderr).toContain(`\nSSL_CERT_FILE=${home.files.bundle}\n`);
  expect(statSync(home.files.folder).mode & 0o777).toBe(0o700);
  for (const file of [home.files.ca, home.files.bundle, home.files.server])
    expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("the certificate is for the loopback names and a year, by an authority that can do nothing else", async () => {
  using home = createHome();
  await home.tls("--host", "Relay.LAN", "--host", "[fd00::0:1]");

  const leaf = new X509Certificate(home.server());
  const ca = new X509Certificate(readFileSync(home.files.ca));

  expect(leaf.verify(ca.publicKey)).toBe(true);
  for (const name of ["localhost", "relay.lan"]) expect(leaf.checkHost(name)).toBe(name);
  for (const address of ["127.0.0.1", "::1", "fd00::1"])
    expect(leaf.checkIP(address)).toBe(address);
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBeLessThan(397 * dayMs);
  expect(readFileSync(home.files.server, "utf8").match(/PRIVATE KEY/g)).toHaveLength(2);
  expect(readFileSync(home.files.ca, "utf8")).not.toContain("PRIVATE");

  const parts = AsnConvert.parse(ca.raw, Certificate).tbsCertificate.extensions!;
  const limits = parts.find(({ extnID }) => extnID === id_ce_basicConstraints)!;
  const names = parts.find(({ extnID }) => extnID === id_ce_nameConstraints)!;
  expect([limits.critical, names.critical]).toEqual([true, true]);
  expect(AsnConvert.parse(limits.extnValue, BasicConstraints)).toMatchObject({
    cA: true,
    pathLenConstraint: 0,
  });
  const { permittedSubtrees } = AsnConvert.parse(names.extnValue, NameConstraints);
  expect(permittedSubtrees?.map(({ base }) => base.dNSName ?? base.iPAddress)).toEqual([
    "localhost",
    "127.0.0.1/32",
    "::1/128",
    "relay.lan",
    "fd00::1/128",
  ]);
});

test("a certificate that is good stays, unless it is forced away", async () => {
  using home = createHome();
  await home.tls();
  const first = home.server();

  const again = await home.tls("--json");
  expect(home.server()).toBe(first);
  expect(JSON.parse(again.stdout)).toMatchObject({
    made: false,
    names: loopback,
    ca: home.files.ca,
    certificate: home.files.server,
    env: { NODE_EXTRA_CA_CERTS: home.files.ca, SSL_CERT_FILE: home.files.bundle },
  });

  const other = await home.tls("--host", "relay.lan");
  expect(other.code).toBe(1);
  expect(other.stderr).toContain('not for relay.lan. "relay tls --force"');
  expect(home.server()).toBe(first);

  const forced = await home.tls("--host", "relay.lan", "--force", "--json");
  expect(JSON.parse(forced.stdout)).toMatchObject({
    made: true,
    names: [...loopback, "relay.lan"],
  });
  expect(home.server()).not.toBe(first);
});

test.each([
  ["expired", 400],
  ["expires in ten days", 386],
])("a certificate that %s is made anew, for the same names and more", async (_, age) => {
  using home = createHome();
  const old = home.store(age, [...loopback, "relay.lan"]);

  const { stdout } = await home.tls("--host", "other.lan", "--json");

  const { made, names, expires } = JSON.parse(stdout);
  expect(made).toBe(true);
  expect(names).toEqual([...loopback, "relay.lan", "other.lan"]);
  expect(Date.parse(expires)).toBeGreaterThan(old.expires.getTime() + 300 * dayMs);
});

test.each([
  ["no certificate", (home: Home) => writeFileSync(home.files.server, "")],
  [
    "another authority",
    (home: Home) => writeFileSync(home.files.ca, makeCertificates(loopback).ca),
  ],
  ["no list", (home: Home) => rmSync(home.files.bundle)],
])("files with %s are told of and left alone", async (_, damage) => {
  using home = createHome();
  home.store(0);
  damage(home);

  const { code, stderr } = await home.tls();

  expect(code).toBe(3);
  expect(stderr).toContain('"relay tls --force" makes a new one');
  expect((await home.tls("--force")).code).toBe(0);
  expect((await home.tls()).code).toBe(0);
});

test.each([
  ["Relay.LAN", "relay.lan"],
  ["büro.example", "xn--bro-hoa.example"],
  ["10.0.0.1", "10.0.0.1"],
  ["[FD00::0:1]", "fd00::1"],
  ["fd00::1", "fd00::1"],
  ["*.lan", undefined],
  ["relay.lan:8484", undefined],
  ["https://relay.lan", undefined],
  ["user@relay.lan", undefined],
  ["a b", undefined],
  ["", undefined],
])("--host %j is %j", (given, host) => {
  expect(toHost(given)).toBe(host);
});

test("--host must be a name", async () => {
  using home = createHome();

  const { code, stderr } = await home.tls("--host", "relay.lan:8484");

  expect(code).toBe(2);
  expect(stderr).toContain("--host relay.lan:8484: give a host name or an address, without port");
});

test("relay start serves TLS with what relay tls made, and says so", async () => {
  using home = createHome();
  home.store(0);
  await using relay = startCommand(["start", "--port", "0", "--mock", "--json"], home);

  const [line] = await relay.until("stdout", /^.*\n/);
  await relay.until("stderr", /https:\/\/ and wss:\/\/ on the same port/);

  const { port, tls } = JSON.parse(line);
  const ca = readFileSync(home.files.ca, "utf8");
  expect(tls).toBe(true);
  expect((await ask(getSecure, { port, ca, path: "/v1/models" })).status).toBe(200);
  expect(relay.stderr).not.toContain("certificate exp");
});

test.each([
  ["expired", 400],
  ["expires", 386],
])("relay start serves and warns when the certificate %s", async (verb, age) => {
  using home = createHome();
  home.store(age);
  await using relay = startCommand(["start", "--port", "0", "--mock"], home);

  await relay.until("stdout", /\/v1\n/);
  await relay.until("stderr", new RegExp(`certificate ${verb} on \\d{4}-.*relay tls`));
});

test("without a certificate relay start says nothing of TLS", async () => {
  using home = createHome();
  await using relay = startCommand(["start", "--port", "0", "--mock", "--json"], home);

  const [line] = await relay.until("stdout", /^.*\n/);
  await relay.until("stderr", /Ctrl\+C/);

  expect(JSON.parse(line)).toMatchObject({ tls: false });
  expect(relay.stderr).not.toContain("https:// and");
});

test.each([
  ["no certificate", { RELAY_TLS_CERT: "key.pem" }, "holds no certificate"],
  ["no key", { RELAY_TLS_CERT: "cert.pem" }, "holds no unencrypted private key"],
  [
    "the key of another",
    { RELAY_TLS_CERT: "cert.pem", RELAY_TLS_KEY: "other.pem" },
    "does not belong",
  ],
  ["no file", { RELAY_TLS_CERT: "nowhere.pem" }, "there is no such file"],
  ["a key alone", { RELAY_TLS_KEY: "key.pem" }, "it needs a certificate"],
])("%s is a wrong setting", async (_, wrong, told) => {
  const { cert, key } = makeCertificates(loopback);
  const other = makeCertificates(loopback).key;
  using folder = createFolder({ "cert.pem": cert, "key.pem": key, "other.pem": other });
  const named = Object.entries(wrong).map(([name, file]) => [name, folder.at(file)]);

  const starting = startRelay({ mock: true }, { env: Object.fromEntries(named) });

  await expect(starting).rejects.toThrow(ConfigError);
  await expect(starting).rejects.toThrow(told);
});

test("a wrong certificate ends relay start with exit code 3", async () => {
  using folder = createFolder({ "wrong.pem": "no certificate" });
  const env = { RELAY_TLS_CERT: folder.at("wrong.pem") };

  const { code, stdout, stderr } = await runCommand(["start", "--mock"], { env });

  expect(code).toBe(3);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^TLS: .*wrong\.pem holds no certificate in PEM form .*\n$/);
});

test("a user's own certificate may be one file with its key, and is preferred", async () => {
  using home = createHome();
  home.store(0);
  const { ca, cert, key } = makeCertificates(loopback);
  using folder = createFolder({ "both.pem": key + cert });
  const args = ["start", "--port", "0", "--mock", "--json", "--tls-cert", folder.at("both.pem")];
  await using relay = startCommand(args, home);

  const [line] = await relay.until("stdout", /^.*\n/);

  const { port } = JSON.parse(line);
  expect((await ask(getSecure, { port, ca })).status).toBe(200);
});
