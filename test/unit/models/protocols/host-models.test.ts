import { describe, expect, it } from "vitest";
import {
  AccessRefused,
  ModelUnknown,
  ParameterRefused,
  ProviderFault,
  RateLimited,
  ReplyWithheld,
} from "../../../../src/models/errors.ts";
import type { Message } from "../../../../src/models/model.ts";
import {
  createHostModel,
  type HostChat,
  HostFailure,
  type HostModelOptions,
} from "../../../../src/models/protocols/host-models.ts";
import { FakeClock, request } from "../fakes.ts";

interface Sent {
  readonly messages: readonly Message[];
  readonly params: Readonly<Record<string, unknown>>;
}

function chat(more: Partial<HostChat> = {}): HostChat & { readonly sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    name: "acme/one-2026",
    id: "one-2026",
    family: "one",
    sent,
    async *ask(messages, params) {
      sent.push({ messages, params });
      yield "for";
      yield "ty";
    },
    countTokens: async (text) => text.length,
    ...more,
  };
}

function hosted(chats: readonly HostChat[], more: Partial<HostModelOptions> = {}) {
  return createHostModel({ chats: async () => chats, identity: "vscode", clock: new FakeClock(), ...more });
}

function failing(code: string, detail: string): HostChat {
  return chat({
    // biome-ignore lint/correctness/useYield: it fails before the first part.
    async *ask() {
      throw new HostFailure(code, detail);
    },
  });
}

const never = new AbortController().signal;

describe("a model that the host has", () => {
  it("gets the system text before the first user message, and answers in parts", async () => {
    const one = chat();
    const messages: Message[] = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "6 × 7?" },
      { role: "assistant", content: "41" },
      { role: "user", content: "Again." },
    ];
    const reply = await hosted([one]).complete(request("", { model: "one-2026", messages }), never);
    expect(one.sent[0]?.messages).toEqual([
      { role: "user", content: "Be brief.\n\n6 × 7?" },
      { role: "assistant", content: "41" },
      { role: "user", content: "Again." },
    ]);
    expect(reply).toMatchObject({ text: "forty", finish: "stop", model: "acme/one-2026", source: "provider" });
  });

  it("is found by its full name, its id or its family; one that is not there is an unknown model", async () => {
    const one = chat();
    for (const model of ["acme/one-2026", "one-2026", "one"]) {
      await hosted([one]).complete(request("hi", { model }), never);
    }
    expect(one.sent).toHaveLength(3);
    const unknown = hosted([one]).complete(request("hi", { model: "two" }), never);
    await expect(unknown).rejects.toMatchObject({ name: "ModelUnknown", status: 404, model: "two" });
  });

  it("has its tokens counted by its own tokenizer, else estimated; marked as estimated either way", async () => {
    const counted = await hosted([chat()]).complete(request("12345678", { model: "one" }), never);
    expect(counted.usage).toEqual({ prompt: 8, completion: 5, estimated: true });
    const broken = chat({ countTokens: () => Promise.reject(new Error("no tokenizer")) });
    const silent = chat({ countTokens: () => new Promise(() => {}) });
    for (const one of [broken, silent]) {
      const { usage, text } = await hosted([one]).complete(request("1234567", { model: "one" }), never);
      expect(text).toBe("forty");
      expect(usage).toEqual({ prompt: 6, completion: 2, estimated: true });
    }
  });

  it("gets no JSON schema, and a parameter that it refuses is not sent again", async () => {
    let calls = 0;
    const picky = chat();
    const ask = picky.ask;
    const one = chat({
      async *ask(messages, params, signal) {
        if (++calls === 1) throw new HostFailure("", "Unsupported parameter: 'temperature' is not supported.");
        yield* ask(messages, params, signal);
      },
    });
    const model = hosted([one]);
    const asked = request("hi", {
      model: "one",
      params: { temperature: 0, top_p: 1 },
      schema: { name: "s", schema: { type: "object" } },
    });
    await expect(model.complete(asked, never)).rejects.toBeInstanceOf(ParameterRefused);
    await model.complete(asked, never);
    expect(picky.sent[0]?.params).toEqual({ top_p: 1 });
  });

  it.each([
    ["NoPermissions", "The user said no.", AccessRefused, { reason: "permission" }],
    ["Blocked", "This extension is blocked.", AccessRefused, { reason: "blocked" }],
    ["Blocked", "You have exceeded your quota.", AccessRefused, { reason: "quota" }],
    ["ChatQuotaExceeded", "Upgrade your plan.", AccessRefused, { reason: "quota" }],
    ["NotFound", "It is gone.", ModelUnknown, { status: 404 }],
    ["Unknown", "The request is off_topic.", ReplyWithheld, { detail: "The request is off_topic." }],
    ["", "Response got filtered.", ReplyWithheld, {}],
    ["ChatRateLimited", "Sorry, wait a moment.", RateLimited, {}],
    ["", "Server error: 503", ProviderFault, { status: null }],
  ])("says %s “%s” as what it is", async (code, detail, cause, fields) => {
    const failure = await hosted([failing(code, detail)])
      .complete(request("hi", { model: "one" }), never)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(cause);
    expect(failure).toMatchObject({ ...fields, detail, identity: "vscode" });
  });

  it("is looked for again after it was gone", async () => {
    const lists = [[failing("NotFound", "It is gone.")], [chat()]];
    const model = hosted([], { chats: async () => lists.shift() ?? [] });
    await expect(model.complete(request("hi", { model: "one" }), never)).rejects.toThrow("gone");
    expect(await model.complete(request("hi", { model: "one" }), never)).toMatchObject({ text: "forty" });
  });

  it("is not waited for once cancelled, whatever it does; the host is told", async () => {
    let told = false;
    const deaf = chat({
      async *ask(_, __, signal) {
        signal.addEventListener("abort", () => {
          told = true;
        });
        await new Promise(() => {});
      },
    });
    const stop = new AbortController();
    const waits: HostModelOptions["clock"] = { now: () => 0, sleep: () => new Promise(() => {}) };
    const call = hosted([deaf], { clock: waits }).complete(request("hi", { model: "one" }), stop.signal);
    await new Promise((next) => setImmediate(next));
    stop.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(told).toBe(true);
  });

  it("that does not answer in time has failed, transiently", async () => {
    const deaf = chat({
      async *ask() {
        await new Promise(() => {});
      },
    });
    const call = hosted([deaf], { timeout: 1000 }).complete(request("hi", { model: "one" }), never);
    await expect(call).rejects.toMatchObject({ name: "ProviderFault", status: null, detail: "no answer in time" });
  });

  it("that answers without end is cut off", async () => {
    const endless = chat({
      async *ask() {
        for (;;) yield "x".repeat(2 ** 20);
      },
    });
    await expect(hosted([endless]).complete(request("hi", { model: "one" }), never)).rejects.toThrow(
      "1048576 characters",
    );
  });
});
