import { randomBytes } from "node:crypto";

export interface PageLocale {
  readonly language: string;
  readonly translations: Readonly<Record<string, string>>;
}

const ENGLISH: PageLocale = { language: "en", translations: {} };

/**
 * The whole page: one script, which brings its styles and its worker. Nothing is loaded: a script that VS Code would have
 * to fetch for the page comes some hundred milliseconds later.
 * @param script text of `dist/webview.js`
 * @param restore kept by the page and handed back when the window is reloaded
 * @param locale the editor's language, as a BCP 47 tag, and the texts translated into it by their English ones
 */
export function pageHtml(script: string, restore: string, { language, translations }: PageLocale = ENGLISH): string {
  const nonce = randomBytes(18).toString("base64url");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "worker-src blob:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Graph</title>
</head>
<body data-restore="${escapeAttribute(restore)}" data-words="${escapeAttribute(JSON.stringify(translations))}">
<script nonce="${nonce}">${script.replace(/<(?=\/script|!--)/gi, "\\x3C")}</script>
</body>
</html>`;
}

function escapeAttribute(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;" };
  return text.replace(/[&"<>]/g, (character) => entities[character] ?? character);
}
