import { describe, expect, it } from "vitest";
import { leaksOf } from "../../../../src/engine/propose/leaks.ts";
import { sampleOf } from "../fixtures.ts";

const labels = ["complaint about delivery", "question about an invoice"];
const row = (index: number, question: string, target: string) =>
  sampleOf(`${index}`, {
    inputs: { question: `Read the message and name its kind, please: ${question}` },
    targets: [target],
  });
const sorting = leaksOf(
  [
    "my parcel with the two blue lamps has still not come to the harbour",
    "why does the bill of march list a second coffee machine for our office",
    "the driver left the piano in the rain behind the old chapel again",
    "is the amount on page three of the bill with or without the deposit",
  ].map((question, index) => row(index, question, labels[index % 2] ?? "")),
);

describe("a new text", () => {
  it("may name the members of a closed set, however long they are", () => {
    expect(sorting("Sort it.", `Sort it into: ${labels.join(", ")}.`)).toBe(false);
  });

  it("may not contain an answer that one sample alone has, unless it was there before", () => {
    const leaks = leaksOf(
      ["Constantinople", "Mesopotamia", "Rome", "Oslo"].map((target, index) => row(index, "?", target)),
    );
    expect(leaks("Name it.", "Name it, e.g. Constantinople.")).toBe(true);
    expect(leaks("Name Constantinople.", "Always name Constantinople.")).toBe(false);
    expect(leaks("Name it.", "Name it, e.g. Rome.")).toBe(false);
  });

  it("may not contain an answer that one sample has in a field", () => {
    const notes = ["Call Mrs. Adams", "Send 12 chairs", "Reset the lock", "Ask for a date"];
    const leaks = leaksOf(
      notes.map((note, index) => row(index, "?", JSON.stringify({ team: index % 2 ? "a" : "b", note }))),
    );
    expect(leaks("x", 'Give {"team": "a" or "b", "note": …}')).toBe(false);
    expect(leaks("x", 'For example "Call Mrs. Adams".')).toBe(true);
  });

  it("may not contain a long piece of one sample's input", () => {
    expect(
      sorting("Sort it.", "Where it says “my parcel with the two blue LAMPS has still not come”, it is one."),
    ).toBe(true);
    expect(sorting("Sort it.", "A parcel that has not come is a complaint about delivery.")).toBe(false);
  });

  it("can contain what the inputs of several samples share", () => {
    expect(sorting("Sort it.", "You are told: read the message and name its kind, please. Do so.")).toBe(false);
  });

  it("may not contain a long piece in a script without spaces", () => {
    const chinese = leaksOf([row(1, "我的包裹里有两盏蓝色的灯至今还没有送到港口仓库", "x"), row(2, "三月的账单", "y")]);
    expect(chinese("分类。", "例如：包裹里有两盏蓝色的灯至今还没有送到港口。")).toBe(true);
    expect(chinese("分类。", "包裹没有送到时，是投诉。")).toBe(false);
  });
});
