/** What one side may ask the other: each question by its name. */
type Questions<Q> = { [Name in keyof Q]: (asked: never) => Promise<unknown> };

export type Link<Out extends Questions<Out>> = {
  /** Rejects with what went wrong on the other side, or when that is gone. */
  ask<Name extends keyof Out & string>(
    name: Name,
    ...asked: Parameters<Out[Name]>
  ): ReturnType<Out[Name]>;
};

type Message = { ask?: string; answer?: true; id: number; value?: unknown; trouble?: string };

/** The primary's `ChildProcess`, or the worker's `process`. */
type End = {
  readonly connected: boolean;
  send?(message: Message, sent: () => void): boolean;
  on(event: "message" | "disconnect", listener: (message: Message) => void): unknown;
};

/** One end of the line between the primary and a worker; each may ask the other. */
export function createLink<Out extends Questions<Out>, In extends Questions<In>>(
  end: End,
  answers: In,
): Link<Out> {
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let ids = 0;

  end.on("message", (message) => {
    if (message.ask !== undefined) void answer(message.ask as keyof In, message);
    else if (message.answer) settle(message);
  });
  end.on("disconnect", () => {
    for (const { reject } of pending.values()) reject(gone());
    pending.clear();
  });

  function settle({ id, value, trouble }: Message): void {
    const waiting = pending.get(id);
    pending.delete(id);
    if (trouble === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(trouble));
  }

  async function answer(name: keyof In, { id, value }: Message): Promise<void> {
    const said = await answers[name](value as never).then(
      (value) => ({ value }),
      ({ message }: Error) => ({ trouble: message }),
    );
    post({ answer: true, id, ...said });
  }

  function post(message: Message): void {
    // Whoever is gone needs none.
    if (end.connected) end.send?.(message, () => {});
  }

  return {
    ask(name, value?: unknown) {
      const waiting = Promise.withResolvers<unknown>();
      const id = ++ids;
      if (end.connected) pending.set(id, waiting);
      else waiting.reject(gone());
      post({ ask: name, id, value });
      return waiting.promise as ReturnType<Out[typeof name]>;
    },
  };
}

function gone(): Error {
  return new Error("The other process is gone.");
}
