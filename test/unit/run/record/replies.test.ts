import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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

async function allOf<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
}

describe("replies", () => {
  it("are found as soon as they are put, and by the next process", async () => {
    const first = await open("1");
    expect(await first.get("k")).toBeUndefined();
    await first.put("k", reply("text with\nlines and “quotes”"));
    for (const replies of [first, await open("2")]) {
      expect(await replies.get("k")).toMatchObject({
        where: "replayed",
        reply: reply("text with\nlines and “quotes”"),
      });
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
    const found = await second.get("k");
    expect(found?.where).toBe("cached");
    await second.put("k", found!.reply);
    await second.put("new", reply("own"));
    expect((await allOf(second.paid())).map(({ text }) => text)).toEqual(["own"]);
    const again = await open("3", other);
    expect((await again.get("k"))?.where).toBe("cached");
    expect((await again.get("new"))?.where).toBe("replayed");
    expect((await allOf(again.paid())).map(({ text }) => text)).toEqual(["own"]);
  });

  it("that could not be decoded stay with their run and are served to no other", async () => {
    const first = await open("1");
    await first.put("bad", reply("not JSON"));
    await first.invalidate("bad");
    await first.flushed();
    expect((await first.get("bad"))?.where).toBe("replayed");
    expect((await (await open("2")).get("bad"))?.where).toBe("replayed");
    expect(await (await open("3", null)).get("bad")).toBeUndefined();
  });

  it("survive a last line that was cut, and lines of garbage", async () => {
    const first = await open("1");
    await first.put("a", reply("A"));
    await first.put("b", reply("B"));
    const bytes = await readFile(own);
    await writeFile(own, bytes.subarray(0, bytes.length - 5));
    await appendFile(own, '\n{"key":"c","text":7}\nnothing\n');
    const again = await RunReplies.open(bench.deps, own, null);
    expect((await again.get("a"))?.reply.text).toBe("A");
    expect(await again.get("b")).toBeUndefined();
    expect(await again.get("c")).toBeUndefined();
    await again.put("b", reply("B again"));
    const read = await readReplies(bench.deps, own, true);
    expect((await Promise.all(["a", "b", "c"].map(read))).map((one) => one?.text)).toEqual(["A", "B again", undefined]);
  });

  it("stay in their file: only the newest are in memory, the others are read where they stand", async () => {
    const first = await open("1", own);
    const long = (index: number) => `${index} ${"ä".repeat(90_000)}`;
    const indices = Array.from({ length: 120 }, (_, index) => index);
    for (const index of indices) await first.put(`k${index}`, reply(long(index)));
    const read: number[] = [];
    const { parts } = bench.files;
    vi.spyOn(bench.files, "parts").mockImplementation((path, from = 0) => {
      if (path === own) read.push(from);
      return parts(path, from);
    });
    for (const index of indices) expect((await first.get(`k${index}`))?.reply.text).toBe(long(index));
    expect(read.length).toBeGreaterThan(10);
    const size = (await readFile(own)).length;
    expect(Math.max(...read)).toBeLessThan(size - 8_000_000);
    await first.put("more", reply("m"));
    const second = await open("2", own);
    for (const index of [119, 0, 60]) expect((await second.get(`k${index}`))?.reply.text).toBe(long(index));
    expect((await second.get("more"))?.reply.text).toBe("m");
    await second.put("even more", reply("e"));
    expect((await second.get("even more"))?.reply.text).toBe("e");
  });

  it("leave the cache's oldest segments behind when it has grown large", async () => {
    const big = "x".repeat(21_000_000);
    for (const segment of ["1", "2", "3", "4"]) {
      const replies = await open(segment, null);
      await replies.put(`k${segment}`, reply(big));
      await replies.flushed();
    }
    const last = await open("5", null);
    expect(["k1", "k2", "k3", "k4"].map((key) => last.has(key))).toEqual([false, true, true, true]);
    const left = (await readdir(bench.place.cache)).map((name) => name.split(".")[0]);
    expect(left.sort()).toEqual(["2", "3", "4"]);
  });
});
