import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StoredReply } from "../../../../src/models/stack/store.ts";
import { openCache, RunReplies, readReplies } from "../../../../src/run/record/replies.ts";
import { type Bench, openBench } from "../scripted.ts";

let bench: Bench;
let own: string;
beforeEach(async () => {
  bench = await openBench();
  own = join(bench.root, "replies.jsonl");
});
const opened: RunReplies[] = [];
afterEach(async () => {
  for (const replies of opened.splice(0)) await replies.flushed();
  await bench.remove();
});

function reply(text: string): StoredReply {
  return { text, usage: { prompt: 1, completion: 2, estimated: false }, model: "m", finish: "stop" };
}

async function open(segment: string, path: string | null = own): Promise<RunReplies> {
  const { files, machine } = bench.deps;
  const replies = await RunReplies.open(bench.deps, path, await openCache(files, machine, bench.place.cache, segment));
  opened.push(replies);
  return replies;
}

describe("replies", () => {
  it("are found as soon as they are put, and by the next process", async () => {
    const first = await open("1");
    expect(first.get("k")).toBeUndefined();
    await first.put("k", reply("text with\nlines and “quotes”"));
    for (const replies of [first, await open("2")]) {
      expect(replies.get("k")).toMatchObject({ where: "replayed", reply: reply("text with\nlines and “quotes”") });
    }
  });

  it("and values that are kept beside them are in the file as soon as they are kept", async () => {
    const first = await open("1");
    await first.keep("function 1", "a value");
    expect(await readFile(own, "utf8")).toContain('"key":"function 1","text":"a value"');
  });

  it("of other runs are served as cached, and their copies are not counted as paid", async () => {
    const first = await open("1");
    await first.put("k", reply("shared"));
    await first.flushed();
    const other = join(bench.root, "other.jsonl");
    const second = await open("2", other);
    const found = second.get("k");
    expect(found?.where).toBe("cached");
    await second.put("k", found!.reply);
    await second.put("new", reply("own"));
    expect([...second.paid()].map(({ text }) => text)).toEqual(["own"]);
    const again = await open("3", other);
    expect(again.get("k")?.where).toBe("cached");
    expect(again.get("new")?.where).toBe("replayed");
    expect([...again.paid()].map(({ text }) => text)).toEqual(["own"]);
  });

  it("that could not be decoded stay with their run and are served to no other", async () => {
    const first = await open("1");
    await first.put("bad", reply("not JSON"));
    await first.invalidate("bad");
    await first.flushed();
    expect(first.get("bad")?.where).toBe("replayed");
    expect((await open("2")).get("bad")?.where).toBe("replayed");
    expect((await open("3", null)).get("bad")).toBeUndefined();
  });

  it("survive a last line that was cut, and lines of garbage", async () => {
    const first = await open("1");
    await first.put("a", reply("A"));
    await first.put("b", reply("B"));
    const bytes = await readFile(own);
    await writeFile(own, bytes.subarray(0, bytes.length - 5));
    await appendFile(own, '\n{"key":"c","text":7}\nnothing\n');
    const again = await RunReplies.open(bench.deps, own, null);
    expect(again.get("a")?.reply.text).toBe("A");
    expect(again.get("b")).toBeUndefined();
    expect(again.get("c")).toBeUndefined();
    await again.put("b", reply("B again"));
    const read = await readReplies(bench.deps, own, true);
    expect(["a", "b", "c"].map((key) => read(key)?.text)).toEqual(["A", "B again", undefined]);
  });

  it("leave the cache's oldest segments behind when it has grown large", async () => {
    const big = "x".repeat(21_000_000);
    for (const segment of ["1", "2", "3", "4"]) {
      const replies = await open(segment, null);
      await replies.put(`k${segment}`, reply(big));
      await replies.flushed();
    }
    const last = await open("5", null);
    expect(["k1", "k2", "k3", "k4"].map((key) => last.get(key) !== undefined)).toEqual([false, true, true, true]);
    const left = (await readdir(bench.place.cache)).map((name) => name.split(".")[0]);
    expect(left.sort()).toEqual(["2", "3", "4"]);
  });
});
