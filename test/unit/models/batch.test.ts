import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { BatchEntry } from "../../../src/models/batch/batch-journal.ts";
import { keyOf } from "../../../src/models/stack/key.ts";
import { readTiers } from "../../../src/models/tiers/choice.ts";
import { withTiers } from "../../../src/models/tiers/tiers.ts";
import { NotRecorded } from "../../../src/run/errors.ts";
import type { BatchServer } from "../../server/batch-server.ts";
import { FakeClock, request, stackOver } from "./fakes.ts";
import { clock, connects, ECHOES, echo, journalOf, PROMPTS, play, serve, texts, tiered } from "./playing-batches.ts";

/** Batches over HTTP, against servers that do everything the vendors' documentation says they may. */

describe.each(connects)("a batch at %s", (vendor, connect) => {
  it("contains a whole wave, named by the replies' keys, and costs half", async () => {
    const server = await serve();
    const journal = journalOf();
    const model = connect(server.url);
    const played = await play(tiered(model, journal), PROMPTS);
    expect(texts(played)).toEqual(ECHOES);
    expect(server.batches).toHaveLength(1);
    // The first request goes by itself, so that refused parameters are learned at once.
    expect(server.batches[0]?.lines.size).toBe(19);
    const keys = PROMPTS.slice(1).map((prompt) => keyOf(model.identity, request(prompt)));
    expect(new Set(server.batches[0]?.lines.keys())).toEqual(new Set(keys));
    const tiers = played.ends.map((end) => (typeof end === "string" ? end : (end.usage.tier ?? "now")));
    expect(tiers).toEqual(["now", ...PROMPTS.slice(1).map(() => "batch")]);
    expect(played.calls).toBe(20);
    expect(server.paid).toHaveLength(20);
    // One look while it runs, one that finds its end.
    expect(server.batches[0]?.looks).toBe(2);
    const waits = played.told.filter((waiting) => waiting !== null);
    expect(waits.every(({ reason }) => reason === "batch")).toBe(true);
    expect(waits.at(-1)?.detail).toMatch(/^\d+\/19$/);
    expect(played.told.at(-1)).toBeNull();
    expect(journal.entries.map(({ kind }) => kind)).toEqual(["intended", "sent"]);
  });

  it("that expires is asked again for what it left out", async () => {
    const server = await serve({
      answer: (prompt, batch) => (batch === 1 && Number(prompt.slice(7)) % 2 === 0 ? "expired" : echo(prompt)),
      state: (batch, n) => (n < 2 ? "in_progress" : batch === 1 ? "expired" : "completed"),
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches.map(({ lines }) => lines.size)).toEqual([19, 9]);
    expect(server.paid).toHaveLength(20);
  });

  it("whose results lack some, hold some twice, and some that no one asked for, loses none", async () => {
    const server = await serve({
      answer: (prompt, batch) => (batch === 1 && prompt.endsWith("7") ? "missing" : echo(prompt)),
      shape: (lines) => [...lines, lines[0], "", '{"custom_id":"unknown"}', "{}"].join("\n"),
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(2);
  });

  it("gives each request the failure that is its own", async () => {
    const tooLong = {
      type: "invalid_request_error",
      message: "prompt is too long: 9 tokens > 8 maximum",
      code: "context_length_exceeded",
    };
    const busy = { type: "overloaded_error", message: "Overloaded" };
    const server = await serve({
      answer: (prompt, batch) => {
        if (prompt === "prompt 3") return { status: 400, error: tooLong };
        return prompt === "prompt 4" && batch === 1 ? { status: 529, error: busy } : echo(prompt);
      },
    });
    const played = texts(await play(tiered(connect(server.url)), PROMPTS));
    expect(played[3]).toMatch(/^RequestRefused/);
    expect(played.filter((_, index) => index !== 3)).toEqual(ECHOES.filter((_, index) => index !== 3));
    expect(server.batches.map(({ lines }) => lines.size)).toEqual([19, 1]);
  });

  it("is found again by a run that was killed: while it is under way, and before its id was read", async () => {
    for (const cut of [false, true]) {
      let isDead = true;
      const server = await serve({
        state: (_, n) => (isDead || n < 3 ? "in_progress" : "completed"),
        intercept: (path, method, nth) =>
          cut && method === "POST" && path.endsWith("/batches") && nth === 1 ? "cut" : null,
      });
      const journal = journalOf();
      const killed = new AbortController();
      const first = play(tiered(connect(server.url), journal), PROMPTS, {}, killed.signal);
      while (server.log.filter((line) => /GET .*batch/.test(line)).length < 2) await clock.sleep(5);
      killed.abort(new Error("killed"));
      await first;
      isDead = false;
      const entries = cut ? journal.entries.filter(({ kind }) => kind === "intended") : journal.entries;
      const again = await play(tiered(connect(server.url), journalOf([...entries])), PROMPTS.slice(1));
      expect(texts(again), `cut: ${cut}`).toEqual(ECHOES.slice(1));
      expect(server.batches).toHaveLength(1);
      expect(server.paid).toHaveLength(20);
      expect(again.calls).toBe(0);
    }
  });

  it("survives failures on the way: of the list, of a look, and of the results", async () => {
    const server = await serve({
      intercept: (path, method, nth) => {
        if (method === "POST" || nth > 2) return null;
        if (/results|content/.test(path)) return nth === 1 ? [503, { error: { message: "down" } }] : "cut";
        return [nth === 1 ? 500 : 429, { error: { message: "later" } }];
      },
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(1);
  });

  it("that someone cancels ends the run instead of being paid for again", async () => {
    const server = await serve({
      answer: (prompt, batch) => (batch > 0 ? "missing" : echo(prompt)),
      state: () => "in_progress",
    });
    const playing = play(tiered(connect(server.url)), PROMPTS);
    while (server.batches.length === 0) await clock.sleep(5);
    server.batches[0]!.cancelled = true;
    const played = texts(await playing);
    expect(played.slice(1).every((end) => end.startsWith("BatchEnded"))).toBe(true);
    expect(server.batches).toHaveLength(1);
  });

  it("that someone cancelled while the run was stopped gives what it has, and a resumed run sends the rest again", async () => {
    let isDead = true;
    const server = await serve({
      answer: (prompt, batch) => (batch === 1 && Number(prompt.slice(7)) > 9 ? "expired" : echo(prompt)),
      state: () => (isDead ? "in_progress" : "completed"),
    });
    const journal = journalOf();
    const stopped = new AbortController();
    const first = play(tiered(connect(server.url), journal), PROMPTS, {}, stopped.signal);
    while (server.batches.length === 0) await clock.sleep(5);
    stopped.abort(new Error("stopped"));
    await first;
    server.batches[0]!.cancelled = true;
    isDead = false;
    const again = await play(tiered(connect(server.url), journalOf([...journal.entries])), PROMPTS.slice(1));
    expect(texts(again)).toEqual(ECHOES.slice(1));
    const [sent, ...more] = server.batches.map(({ lines }) => lines.size);
    expect(sent).toBe(19);
    expect(more.reduce((sum, size) => sum + size, 0)).toBe(10);
  });

  it("is found among hundreds of others, and not among older ones", async () => {
    const server = await serve({ page: 100 });
    const journal = journalOf();
    const stopped = new AbortController();
    const first = play(tiered(connect(server.url), journal), PROMPTS, {}, stopped.signal);
    while (journal.entries.length < 2) await clock.sleep(5);
    stopped.abort(new Error("stopped"));
    await first;
    for (let other = 0; other < 350; other++) server.add(Date.now() + 10);
    for (let other = 0; other < 300; other++) server.add(Date.now() - 86_400_000);
    const intended = journal.entries.filter(({ kind }) => kind === "intended");
    const again = await play(tiered(connect(server.url), journalOf([...intended])), PROMPTS.slice(1));
    expect(texts(again)).toEqual(ECHOES.slice(1));
    expect(server.log.filter((line) => /^POST .*batches$/.test(line))).toHaveLength(1);
    expect(server.log.filter((line) => /^GET .*batches$/.test(line)).length).toBeLessThanOrEqual(4);
  });

  it("whose results stall is read again", async () => {
    let stalls = 1;
    const server = await serve({
      intercept: (path) => (/results|content/.test(path) && stalls-- > 0 ? "stall" : null),
    });
    const model = tiered(connect(server.url, 8_000));
    expect(texts(await play(model, PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(1);
  });

  it("that can't be recorded ends the run with that reason, and is found by a resumed run", async () => {
    const server = await serve();
    const full = new NotRecorded("batches.jsonl", "ENOSPC", "no space left on device");
    const entries: BatchEntry[] = [];
    const journal = {
      entries,
      write: async (entry: BatchEntry) => {
        if (entry.kind === "sent") throw full;
        entries.push(entry);
      },
    };
    const first = texts(await play(tiered(connect(server.url), journal), PROMPTS));
    expect(first.slice(1).every((end) => /^NotRecorded/.test(end))).toBe(true);
    expect(texts(await play(tiered(connect(server.url), journalOf([...entries])), PROMPTS.slice(1)))).toEqual(
      ECHOES.slice(1),
    );
    expect(server.batches).toHaveLength(1);
  });

  it("leaves at once when its run is cancelled, and goes on at the vendor", async () => {
    const server = await serve({ state: () => "in_progress" });
    const cancel = new AbortController();
    const playing = play(tiered(connect(server.url)), PROMPTS, {}, cancel.signal);
    while (server.batches.length === 0) await clock.sleep(5);
    cancel.abort(new Error("enough"));
    expect(
      texts(await playing)
        .slice(1)
        .every((end) => end.includes("enough")),
    ).toBe(true);
    expect(server.log.some((line) => line.includes("cancel"))).toBe(false);
  });

  it("that is cancelled before there is one counts the request alone that went ahead", async () => {
    // The first request, which goes ahead, is not answered.
    const server = await serve({ intercept: () => "stall" });
    const cancel = new AbortController();
    const playing = play(tiered(connect(server.url)), PROMPTS, {}, cancel.signal);
    while (server.log.length === 0) await clock.sleep(5);
    cancel.abort(new Error("enough"));
    const { calls, ends } = await playing;
    expect(ends.every((end) => String(end).includes("enough"))).toBe(true);
    expect(calls).toBe(1);
    expect(server.batches).toHaveLength(0);
  });

  it("of another role's requests is none", async () => {
    const server = await serve();
    const model = tiered(connect(server.url), undefined, "forward=batch,optimizer=now");
    const tag = { purpose: "optimizer", node: null, sample: null } as const;
    expect(texts(await play(model, PROMPTS.slice(0, 5), { tag }))).toEqual(ECHOES.slice(0, 5));
    expect(server.batches).toHaveLength(0);
    await play(model, PROMPTS.slice(5, 8));
    expect(server.batches).toHaveLength(1);
    expect(vendor).toBeTruthy();
  });
});

describe("a batch at OpenAI", () => {
  const connect = connects[0]![1];

  it("that never ends is no longer waited for after 30 hours, and is waited for again by a resumed run", async () => {
    const server = await serve({ state: () => "in_progress" });
    const journal = journalOf();
    for (let run = 0; run < 2; run++) {
      const virtual = new FakeClock();
      const started = virtual.now();
      const options = { clock: virtual, newMark: randomUUID, concurrency: 4, fallback: false, quiet: 30 };
      const look = [600_000, 3_600_000] as const;
      const model = withTiers(connect(server.url), readTiers("batch")!, { ...options, look });
      const { model: stack } = stackOver(model.attach!(journalOf(journal.entries)), virtual, {});
      const ask = (prompt: string) =>
        stack.complete(request(prompt), new AbortController().signal).catch((error: unknown) => error);
      if (run === 0) await ask("first");
      expect(await ask("second")).toMatchObject({ code: "BatchEnded", reason: "late", reach: "run" });
      expect((virtual.now() - started) / 3_600_000).toBeGreaterThanOrEqual(30);
    }
    expect(server.batches).toHaveLength(1);
  });

  it("that the server takes none of says why, and one beyond the queue's limit waits", async () => {
    const server = await serve({
      state: (batch, n) => (batch === 1 ? "failed:token_limit_exceeded" : n < 2 ? "in_progress" : "completed"),
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(2);
    const broken = await serve({ state: () => "failed:invalid_json_line" });
    const played = texts(await play(tiered(connect(broken.url)), PROMPTS));
    expect(played[1]).toMatch(/^BatchEnded: .*why: invalid_json_line/);
  });

  /** A batch as it is looked at, where the server's own view is not what is to be tried. */
  const view = (status: string, more: object = {}) => ({
    id: "batch_1",
    object: "batch",
    status,
    errors: null,
    output_file_id: null,
    error_file_id: "",
    request_counts: { total: 19, completed: 0, failed: 0 },
    ...more,
  });
  const isLook = (path: string, method: string) => method === "GET" && path.endsWith("/batches/batch_1");

  it.each(["validating", "in_progress", "finalizing", "cancelling", "a new status"])(
    "that stays %s for long is waited for, and said to be",
    async (status) => {
      const server = await serve({ state: (_, n) => (n < 25 ? status : "completed") });
      const played = await play(tiered(connect(server.url)), PROMPTS);
      expect(texts(played)).toEqual(ECHOES);
      expect(played.told.some((waiting) => waiting?.reason === "batch")).toBe(true);
      expect(server.paid).toHaveLength(20);
    },
  );

  it.each([
    ["the upload", "POST", /\/files$/, 500],
    ["the upload, which takes too long", "POST", /\/files$/, 408],
    ["the list of its requests", "POST", /\/batches$/, 503],
    ["a look at it", "GET", /\/batches\/batch_1$/, 500],
    ["a look at it, which takes too long", "GET", /\/batches\/batch_1$/, 408],
    ["a look at it, by a gateway", "GET", /\/batches\/batch_1$/, 524],
    ["its results", "GET", /\/content$/, 502],
  ] as const)("whose server fails %s goes on, and nothing is paid twice", async (_, method, path, status) => {
    const server = await serve({
      intercept: (asked, by, nth) => (by === method && path.test(asked) && nth === 1 ? [status, "oops"] : null),
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.paid).toHaveLength(20);
  });

  it("that is more than the queue takes is halved until it fits, and its parts wait for each other", async () => {
    const done = new Set<number>();
    const most = 6;
    const server: BatchServer = await serve({
      state: (batch, n) => {
        const lines = server.batches[batch - 1]?.lines.size ?? 0;
        const queued = server.batches.slice(0, batch - 1).filter((_, index) => !done.has(index + 1));
        if (n === 1 && lines + queued.reduce((sum, one) => sum + one.lines.size, 0) > most) {
          done.add(batch);
          return "failed:token_limit_exceeded";
        }
        if (n < 3) return "in_progress";
        done.add(batch);
        return "completed";
      },
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.paid).toHaveLength(20);
    const sizes = server.batches.map(({ lines }) => lines.size);
    expect(sizes.slice(0, 2)).toEqual([19, 19]);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
    expect(sizes.filter((size) => size > most).length).toBeLessThan(6);
  });

  it("that the server takes no request of is sent in halves", async () => {
    const server = await serve({
      intercept: (path, method, nth) =>
        method === "POST" && path.endsWith("/files") && nth === 1
          ? [413, { error: { message: "Maximum content size limit exceeded" } }]
          : null,
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches.map(({ lines }) => lines.size)).toEqual([9, 9, 1]);
    expect(server.paid).toHaveLength(20);
  });

  it.each([
    ["upload", /\/files$/, 429],
    ["list of requests", /\/batches$/, 429],
    ["list of requests", /\/batches$/, 503],
  ] as const)("whose %s is rejected for now is sent again as a whole (%s, %i)", async (_, path, status) => {
    const server = await serve({
      intercept: (asked, method, nth) =>
        method === "POST" && path.test(asked) && nth < 4
          ? [status, { error: { message: "Rate limit reached" } }]
          : null,
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches.map(({ lines }) => lines.size)).toEqual([19]);
    expect(server.paid).toHaveLength(20);
  });

  it("whose results were deleted is asked again", async () => {
    const server = await serve({
      intercept: (path) =>
        path.endsWith("/content") && path.includes("out-batch_1")
          ? [404, { error: { message: "No such File object" } }]
          : null,
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(2);
  });

  it("of which every request failed has a file of errors alone: each says its own", async () => {
    let keys: string[] = [];
    const server: BatchServer = await serve({
      intercept: (path, method) => {
        keys = [...(server.batches[0]?.lines.keys() ?? [])];
        const counts = { request_counts: { total: 19, completed: 0, failed: 19 } };
        if (isLook(path, method)) return [200, view("completed", { error_file_id: "errors", ...counts })];
        if (!path.endsWith("/files/errors/content")) return null;
        const error = {
          message: "The input is too long.",
          type: "invalid_request_error",
          code: "context_length_exceeded",
        };
        const line = (custom_id: string) =>
          JSON.stringify({ custom_id, response: { status_code: 400, body: { error } }, error: null });
        return [200, keys.map(line).join("\n")];
      },
    });
    const played = texts(await play(tiered(connect(server.url)), PROMPTS));
    expect(played[0]).toBe("echo prompt 0");
    expect(played.slice(1).every((end) => end.startsWith("RequestRefused"))).toBe(true);
    expect(server.batches).toHaveLength(1);
  });

  it("has its results in two files", async () => {
    const server: BatchServer = await serve({
      intercept: (path, method, nth) => {
        const lines = [...(server.batches[0]?.lines ?? [])].map(([custom_id, { messages }]) => {
          const message = { role: "assistant", content: echo(messages.at(-1).content) };
          const body = { choices: [{ index: 0, message, finish_reason: "stop" }] };
          return JSON.stringify({ custom_id, response: { status_code: 200, body } });
        });
        if (isLook(path, method) && nth > 1) {
          return [200, view("completed", { output_file_id: "out", error_file_id: "errors" })];
        }
        if (path.endsWith("/files/out/content")) return [200, lines.slice(0, 10).join("\n")];
        return path.endsWith("/files/errors/content") ? [200, lines.slice(10).join("\n")] : null;
      },
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(1);
  });

  it("that is completed before its files are named is looked at again, not paid for again", async () => {
    const server = await serve({
      intercept: (path, method, nth) => {
        const counts = { request_counts: { total: 19, completed: 19, failed: 0 } };
        return isLook(path, method) && nth < 4 ? [200, view("completed", counts)] : null;
      },
    });
    expect(texts(await play(tiered(connect(server.url)), PROMPTS))).toEqual(ECHOES);
    expect(server.batches).toHaveLength(1);
  });

  it("whose results never come is sent again, and then given up with the reason", async () => {
    const server = await serve({ answer: (prompt, batch) => (batch === 0 ? echo(prompt) : "missing") });
    const played = texts(await play(tiered(connect(server.url)), PROMPTS.slice(0, 3)));
    for (const end of played.slice(1))
      expect(end).toMatch(/^(ProviderFault|WaitTooLong): .*the batch ended without it/s);
  });

  it("that the server does not know any more is asked anew", async () => {
    const server = await serve();
    const keys = PROMPTS.map((prompt) => keyOf(connect(server.url).identity, request(prompt)));
    const journal = journalOf([
      { kind: "intended", mark: "old", at: 0, keys },
      { kind: "sent", mark: "old", id: "batch_99" },
    ]);
    const gone = await serve({
      intercept: (path) =>
        path.endsWith("batch_99") ? [404, { error: { message: "No batch found with id batch_99" } }] : null,
    });
    const here = PROMPTS.map((prompt) => keyOf(connect(gone.url).identity, request(prompt)));
    const entries = journal.entries.map((entry) => (entry.kind === "intended" ? { ...entry, keys: here } : entry));
    expect(texts(await play(tiered(connect(gone.url), journalOf(entries)), PROMPTS))).toEqual(ECHOES);
    expect(gone.paid).toHaveLength(20);
  });
});

describe("tiers", () => {
  it.each([
    ["batch", { forward: "batch", backward: "batch", optimizer: "batch", judge: "batch" }],
    [" flex ", { forward: "flex", backward: "flex", optimizer: "flex", judge: "flex" }],
    ["forward=batch, optimizer=now", { forward: "batch", backward: "now", optimizer: "now", judge: "now" }],
  ])("%s are read", (text, tiers) => expect(readTiers(text)).toEqual(tiers));

  it.each(["", "cheap", "forward", "forward=", "forward=cheap", "sideways=batch", "forward=batch=now"])(
    "%j are none",
    (text) => expect(readTiers(text)).toBeNull(),
  );
});
