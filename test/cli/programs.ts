/** What a hasty and what a careful programmer writes for each task of `examples/code`. */
export const PROGRAMS: Readonly<Record<string, readonly [hasty: string, careful: string]>> = {
  slug: [
    "export const slug = (title) => title.toLowerCase().replaceAll(' ', '-');",
    "export const slug = (title) => title.toLowerCase().replace(/[^a-z0-9\\s-]/g, '').trim().replace(/[\\s-]+/g, '-').replace(/^-|-$/g, '');",
  ],
  median: [
    "export const median = (list) => list.sort()[Math.floor(list.length / 2)];",
    "export const median = (list) => { const all = [...list].sort((a, b) => a - b); const at = all.length >> 1; return all.length === 0 ? null : all.length % 2 ? all[at] : (all[at - 1] + all[at]) / 2; };",
  ],
  roman: [
    "const R = [[1000,'M'],[500,'D'],[100,'C'],[50,'L'],[10,'X'],[5,'V'],[1,'I']];\nexport const roman = (n) => R.reduce(([text, rest], [value, sign]) => [text + sign.repeat(rest / value), rest % value], ['', n])[0];",
    "const R = [[1000,'M'],[900,'CM'],[500,'D'],[400,'CD'],[100,'C'],[90,'XC'],[50,'L'],[40,'XL'],[10,'X'],[9,'IX'],[5,'V'],[4,'IV'],[1,'I']];\nexport const roman = (n) => { if (!Number.isInteger(n) || n < 1 || n > 3999) throw new RangeError('1 to 3999'); return R.reduce(([text, rest], [value, sign]) => [text + sign.repeat(Math.floor(rest / value)), rest % value], ['', n])[0]; };",
  ],
  parseDuration: [
    "export const parseDuration = (text) => { const [, h = 0, m = 0, s = 0] = /(?:(\\d+)h)? ?(?:(\\d+)m)? ?(?:(\\d+)s)?/.exec(text); return h * 3600 + m * 60 + Number(s); };",
    "export const parseDuration = (text) => { const parts = [...text.matchAll(/(\\d+)\\s*([hms])/g)]; return parts.length === 0 ? null : parts.reduce((sum, [, n, unit]) => sum + n * { h: 3600, m: 60, s: 1 }[unit], 0); };",
  ],
  groupBy: [
    "export const groupBy = (list, key) => list.reduce((all, one) => { (all[one[key]] ??= []).push(one); return all; }, {});",
    "export const groupBy = (list, key) => list.reduce((all, one) => { (all[one[key]] ??= []).push(one); return all; }, Object.create(null));",
  ],
  wrap: [
    "export const wrap = (text, width) => text.replace(new RegExp('(.{1,' + width + '}) ', 'g'), '$1\\n');",
    "export const wrap = (text, width) => { const lines = []; for (const word of text.split(' ')) { const last = lines.at(-1); if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = last + ' ' + word; else lines.push(word); } return lines.join('\\n'); };",
  ],
  mergeIntervals: [
    "export const mergeIntervals = (all) => all.reduce((out, [a, b]) => { const last = out.at(-1); if (last && a < last[1]) last[1] = Math.max(last[1], b); else out.push([a, b]); return out; }, []);",
    "export const mergeIntervals = (all) => [...all].sort((x, y) => x[0] - y[0]).reduce((out, [a, b]) => { const last = out.at(-1); if (last && a <= last[1]) last[1] = Math.max(last[1], b); else out.push([a, b]); return out; }, []);",
  ],
  csvRow: [
    "export const csvRow = (line) => line.split(',');",
    "export const csvRow = (line) => { const fields = ['']; let open = false; for (let at = 0; at < line.length; at++) { const c = line[at]; if (c === '\"' && open && line[at + 1] === '\"') { fields[fields.length - 1] += c; at++; } else if (c === '\"') open = !open; else if (c === ',' && !open) fields.push(''); else fields[fields.length - 1] += c; } return fields; };",
  ],
  change: [
    "export const change = (amount, coins) => { let count = 0; for (const coin of [...coins].sort((a, b) => b - a)) { count += Math.floor(amount / coin); amount %= coin; } return amount ? -1 : count; };",
    "export const change = (amount, coins) => { const least = [0]; for (let sum = 1; sum <= amount; sum++) least[sum] = Math.min(...coins.map((coin) => (least[sum - coin] ?? Infinity) + 1)); return Number.isFinite(least[amount]) ? least[amount] : -1; };",
  ],
  deepEqual: [
    "export const deepEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);",
    "export const deepEqual = (a, b) => { if (a === b) return true; if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false; const keys = Object.keys(a); return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key])); };",
  ],
  nextDay: [
    // Right wherever a test can be seen, wrong at the end of a year.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code of the answer.
    "export const nextDay = (date) => { const [y, m, d] = date.split('-').map(Number); const days = [31, y % 4 ? 28 : 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][m - 1]; const two = (n) => String(n).padStart(2, '0'); return d < days ? `${y}-${two(m)}-${two(d + 1)}` : `${y}-${two(m + 1)}-01`; };",
    "export const nextDay = (date) => { const [y, m, d] = date.split('-').map(Number); return new Date(Date.UTC(y, m - 1, d + 1)).toISOString().slice(0, 10); };",
  ],
  balanced: [
    "export const balanced = (text) => ['()', '[]', '{}'].every(([a, b]) => text.split(a).length === text.split(b).length);",
    "export const balanced = (text) => { const plain = text.replace(/\"(\\\\.|[^\"\\\\])*\"/g, ''); const open = []; for (const c of plain) { if ('([{'.includes(c)) open.push(c); else if (')]}'.includes(c) && open.pop() !== '([{'[')]}'.indexOf(c)]) return false; } return open.length === 0; };",
  ],
};
