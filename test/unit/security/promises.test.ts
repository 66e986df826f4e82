import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** SECURITY.md names a test for each promise. */
const rows = readFileSync("SECURITY.md", "utf8")
  .split("\n")
  .filter((line) => /^\| (?!promise)\S/.test(line));

it("each promise has a test, and each test that is named exists", () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, promise = "", tests = ""] = row.split("|");
    const named = [...tests.matchAll(/`([^`]+)` “([^”]+)”/g)];
    expect(named, promise).not.toEqual([]);
    for (const [, file = "", name = ""] of named) {
      expect(existsSync(file), `${promise}: ${file}`).toBe(true);
      const text = readFileSync(file, "utf8").replace(/\(\s+"/g, '("');
      expect(text.includes(`("${name}"`) || text.includes(`name: "${name}"`), `${file}: ${name}`).toBe(true);
    }
  }
});
