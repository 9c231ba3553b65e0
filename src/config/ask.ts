import { resolve } from "node:path";
import { isCancel, log, select, text } from "@clack/prompts";
import * as v from "valibot";
import { ExitError } from "../exit.ts";
import { faultOf } from "./checks.ts";
import { settings } from "./settings.ts";
import type { Choices } from "./write.ts";

/** On standard error: standard output has the result. */
const to = { output: process.stderr };

/** Asks on the terminal what a first config file should say. */
export async function askForSettings(cwd: string): Promise<Choices> {
  return {
    ...(await askForKey(cwd)),
    upstream: await askForText(
      "Where do requests go?",
      settings.upstream.default,
      settings.upstream.schema,
    ),
    port: Number(await askForText("On which port?", settings.port.default, portText)),
    ...(await askForClients()),
  };
}

const portText = v.pipe(v.string(), v.transform(settings.port.fromText), settings.port.schema);

async function askForKey(cwd: string): Promise<Choices> {
  const source = await answered(
    select({
      ...to,
      message: "Where does the API key come from?",
      options: [
        { value: "env", label: "OPENAI_API_KEY", hint: "set where the relay starts" },
        {
          value: "keychain",
          label: "the system's keychain",
          hint: '"relay key set" puts it there',
        },
        { value: "keyFile", label: "a file that holds nothing else" },
        { value: "envFile", label: "OPENAI_API_KEY in a .env file" },
        { value: "passthrough", label: "each client has its own" },
      ],
    }),
  );
  if (source === "passthrough") return { auth: "passthrough" };
  if (source === "keychain") log.info('Run "relay key set" to put it there.', to);
  if (source !== "keyFile" && source !== "envFile") return {};
  const file = await answered(
    text({
      ...to,
      message: "Which file?",
      initialValue: source === "envFile" ? ".env" : "",
      validate: (name) => {
        if (!name) return "Give the name of a file.";
        return faultOf(resolve(cwd, name), source === "keyFile");
      },
    }),
  );
  return { [source]: file };
}

async function askForText(
  message: string,
  fallback: unknown,
  schema: v.GenericSchema<unknown, unknown>,
): Promise<string> {
  const validate = (said: string | undefined) => {
    const checked = v.safeParse(schema, said);
    return checked.success ? undefined : `It must be ${checked.issues[0].message}.`;
  };
  return answered<string>(text({ ...to, message, initialValue: String(fallback), validate }));
}

async function askForClients(): Promise<Choices> {
  const who = await answered(
    select({
      ...to,
      message: "Who may use the relay?",
      options: [
        { value: "local", label: "programs on this machine" },
        { value: "token", label: "programs on this machine that show a token" },
        { value: "wide", label: "other machines too, with a token" },
      ],
    }),
  );
  if (who === "local") return {};
  return who === "token" ? { requireToken: true } : { host: "0.0.0.0" };
}

/** Ctrl+C ends it all. */
async function answered<T>(answer: Promise<T | symbol>): Promise<T> {
  const said = await answer;
  if (isCancel(said)) throw new ExitError(130, "Nothing was written.");
  return said as T;
}
