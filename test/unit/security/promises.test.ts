import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The promises of SECURITY.md: its bullets, each on one line. */
const promises = readFileSync("SECURITY.md", "utf8")
  .replace(/\n {2}(?=\S)/g, " ")
  .split("\n")
  .flatMap((line) => /^- (.+)$/.exec(line)?.[1] ?? []);

/** Promise → its tests, as `file > name`. */
const tests: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync("test/unit/security/promises.json", "utf8"),
);

it("each promise has a test, and no test is for another promise", () => {
  expect(promises.length).toBeGreaterThan(20);
  expect(Object.keys(tests).sort()).toEqual([...promises].sort());
});

it("each test that is named exists", () => {
  for (const [promise, named] of Object.entries(tests)) {
    expect(named, promise).not.toEqual([]);
    for (const [, file = "", name = ""] of named.map((one) => /^(\S+) > (.+)$/.exec(one) ?? [])) {
      expect(existsSync(file), `${promise}: ${file}`).toBe(true);
      const text = readFileSync(file, "utf8").replace(/\(\s+"/g, '("');
      expect(text.includes(`("${name}"`) || text.includes(`name: "${name}"`), `${file}: ${name}`).toBe(true);
    }
  }
});
