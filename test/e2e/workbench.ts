import { mkdirSync, writeFileSync } from "node:fs";
import type { CDPSession, Locator, Page } from "playwright-core";
import { KEY_OF } from "../vscode/serve.ts";

/** Milliseconds that anything a person would wait for may take. */
const PATIENCE = 120_000;

/** VS Code as a person sees it: what is on the screen, the mouse and the keyboard. */
export class Workbench {
  #devtools: Promise<CDPSession> | null = null;

  constructor(
    readonly page: Page,
    private readonly pictures: string,
  ) {
    page.setDefaultTimeout(PATIENCE);
    mkdirSync(pictures, { recursive: true });
  }

  async ready(window: "folder" | "empty" = "folder"): Promise<void> {
    await this.page.locator(".monaco-workbench").waitFor();
    if (window === "folder") await this.page.locator(".explorer-folders-view").first().waitFor();
    await this.page.locator('.activitybar a.action-label[aria-label="AgentGraph"]').first().waitFor();
  }

  /** Saves a picture of a window in which a story has failed, with all messages of which some were shown too briefly. */
  async failed(name: string): Promise<void> {
    await this.press("notifications.showList");
    await this.page.waitForTimeout(500);
    await this.picture(name);
  }

  /** Saves a picture of the whole window under `out/screenshots/`. */
  async picture(name: string): Promise<void> {
    // Not by playwright, which styles each frame anew to hide its caret, and compresses as well as it can: four times as long.
    this.#devtools ??= this.page.context().newCDPSession(this.page);
    const { data } = await (await this.#devtools).send("Page.captureScreenshot", { optimizeForSpeed: true });
    writeFileSync(`${this.pictures}/${name}.png`, data, "base64");
  }

  file(name: string): Locator {
    return this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first();
  }

  async openFile(name: string): Promise<void> {
    await this.file(name).dblclick();
    await this.tab(name).waitFor();
  }

  /** Opens a file by its name, by keyboard. */
  async openByName(name: string): Promise<void> {
    // Until VS Code has looked at the files again, it offers those that it found for the list before.
    await this.offered("Control+P", name, name);
    await this.tab(name).waitFor();
  }

  editorText(text: string): Locator {
    return this.page.locator(".monaco-editor .view-line", { hasText: text }).first();
  }

  tab(name: string): Locator {
    return this.page.locator(".tabs-container .tab", { hasText: name }).first();
  }

  async menuOn(target: Locator, item: string): Promise<void> {
    await target.click({ button: "right" });
    await this.pressMenu(item);
  }

  /** Presses an entry of the menu that is open. */
  async pressMenu(item: string): Promise<void> {
    const entry = this.menuItem(item);
    await entry.waitFor();
    // For its first 100 ms a menu takes no press, so that the end of the right-click is none. A timer of the page's own
    // ends after the menu's, however busy the machine is.
    await this.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 150)));
    await entry.click();
    await entry.waitFor({ state: "hidden" });
  }

  menuItem(name: string): Locator {
    return this.page.locator(".monaco-menu .action-item", { hasText: name }).first();
  }

  /** Runs a command from the palette, by keyboard. The palette lists what could be done when it was opened. */
  async command(title: string): Promise<void> {
    await this.offered("F1", `>${title}`, title);
  }

  /** Runs one of VS Code's own commands by a key that only the suites have. */
  private async press(command: keyof typeof KEY_OF): Promise<void> {
    await this.page.keyboard.press(KEY_OF[command]);
  }

  /** Closes the editors, whose content is saved. */
  async closeEditors(): Promise<void> {
    await this.press("workbench.action.closeAllEditors");
  }

  /** Opens a list with a key until it offers a row for a text, and takes that row. */
  private async offered(key: string, text: string, title: string): Promise<void> {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    for (let tries = 1; ; tries++) {
      await this.page.keyboard.press(key);
      // What opens meanwhile takes the focus, and the list closes.
      const found = await this.fillQuickInput(text, 10_000)
        .then(() => row.waitFor({ timeout: tries * 3000 }))
        .then(
          () => true,
          () => false,
        );
      if (found) break;
      if (tries === 4) throw new Error(`No list offers “${title}”.`);
      await this.page.keyboard.press("Escape");
    }
    await this.takeRow(title);
  }

  /** Enter takes the row that has the focus: until a list is filtered, that is the one used last. */
  private async takeRow(text: string): Promise<void> {
    const rows = this.page.locator(".quick-input-list .monaco-list-row", { hasText: text });
    const focused = this.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: text });
    const isFocused = await focused.waitFor({ timeout: 3000 }).then(
      () => true,
      () => false,
    );
    if (isFocused) await this.quickInput().press("Enter");
    else await rows.first().click();
  }

  quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible input.input").first();
  }

  /** Not by playwright's `fill`, which types where the focus is: an editor that opens meanwhile would get the text. */
  async fillQuickInput(text: string, timeout = PATIENCE): Promise<void> {
    const fill = (input: HTMLElement, value: string) => {
      (input as HTMLInputElement).value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    await this.quickInput().evaluate(fill, text, { timeout });
  }

  quickTitle(text: string): Locator {
    return this.page.locator(".quick-input-widget:visible .quick-input-title", { hasText: text });
  }

  /** Chooses an entry of the quick pick with this title. A long list draws the entries in view alone: those are searched. */
  async pick(title: string, entry: string): Promise<void> {
    await this.quickTitle(title).waitFor();
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: entry }).first();
    await row.waitFor({ timeout: 1500 }).catch(() => this.fillQuickInput(entry));
    await row.click();
    const isOffered = this.page
      .locator(".quick-input-widget:visible")
      .filter({ has: this.page.locator(".quick-input-title", { hasText: title }) })
      .filter({ has: row });
    const isTaken = await isOffered.waitFor({ state: "hidden", timeout: 5000 }).then(
      () => true,
      () => false,
    );
    if (isTaken) return;
    console.log(`    “${entry}” is pressed again: VS Code drew the list anew under the first press.`);
    await row.click();
  }

  /** Answers the input box with this title. */
  async answer(title: string, text: string): Promise<void> {
    await this.quickTitle(title).waitFor();
    await this.fillQuickInput(text);
    await this.quickInput().press("Enter");
  }

  /**
   * Answers VS Code's own file dialog, which does not listen while it looks at a folder, and then writes what it suggests.
   * @param button pressed in place of Enter
   */
  async answerPath(path: string, button?: string): Promise<void> {
    await this.quickInput().waitFor();
    const dialog = this.page.locator(".quick-input-widget").first();
    for (let tries = 0; tries < 40 && (await dialog.isVisible()); tries++) {
      await this.page.waitForTimeout(500);
      // It may close meanwhile.
      const moment = { timeout: 1000 };
      const text = await this.quickInput()
        .inputValue(moment)
        .catch(() => path);
      if (text !== path) await this.fillQuickInput(path, moment.timeout).catch(() => {});
      else if (button === undefined)
        await this.quickInput()
          .press("Enter", moment)
          .catch(() => {});
      else
        await dialog
          .locator(".monaco-button", { hasText: button })
          .click(moment)
          .catch(() => {});
      await dialog.waitFor({ state: "hidden", timeout: 1000 }).catch(() => {});
    }
  }

  dialog(text: string): Locator {
    return this.page.locator(".monaco-dialog-box", { hasText: text });
  }

  /** Presses a button of the modal dialog that says `text`; returns all it said. */
  async decide(text: string, button: string): Promise<string> {
    const dialog = this.dialog(text);
    await dialog.waitFor();
    const said = (await dialog.allInnerTexts()).join();
    const press = dialog.locator(".monaco-button", { hasText: button }).first().click();
    await press.catch((cause: unknown) => {
      throw new Error(`“${button}” could not be pressed in the dialog that said: ${said}\n${cause}`);
    });
    await dialog.waitFor({ state: "detached" });
    return said;
  }

  toast(text: string): Locator {
    return this.page.locator(".notification-toast .notification-list-item", { hasText: text }).first();
  }

  async pressOnToast(text: string, button: string): Promise<void> {
    const toast = this.toast(text);
    await toast.waitFor();
    await toast.hover();
    await toast.locator(".monaco-button", { hasText: button }).first().click();
  }

  /** Texts of error toasts on the screen. */
  async errors(): Promise<string[]> {
    const found = this.page.locator(".notification-toast .notification-list-item:has(.codicon-error)");
    return found.locator(".notification-list-item-message").allInnerTexts();
  }

  /**
   * Clears all toasts and waits until those of short progress, which VS Code keeps for 800 ms, have gone: of more than
   * three toasts within 800 ms it never shows the further ones.
   */
  async clearToasts(): Promise<void> {
    await this.press("notifications.clearAll");
    const toasts = this.page.locator(".notifications-toasts.visible");
    await toasts.waitFor({ state: "hidden", timeout: 3000 }).catch(() => {});
  }

  /** Closes what is open: lists, messages, the panel, and editors without saving them. */
  async closeAll(): Promise<void> {
    const { page } = this;
    await page.keyboard.press("Escape");
    await this.clearToasts();
    if (await page.locator(".part.panel").isVisible()) await this.press("workbench.action.closePanel");
    await this.closeEditors();
    const tabs = page.locator(".tabs-container .tab");
    const discard = page.locator(".monaco-dialog-box .monaco-button", { hasText: "Don't Save" });
    for (let turn = 0; turn < 600 && (await tabs.first().isVisible()); turn++) {
      if (await discard.isVisible()) await discard.click();
      await page.waitForTimeout(100);
    }
    await tabs.first().waitFor({ state: "detached" });
    await page.mouse.move(640, 4);
  }

  /** Whether the window gets a title within some seconds. */
  async isTitled(title: string): Promise<boolean> {
    const options = { polling: 100, timeout: 5000 };
    return this.page
      .waitForFunction((wanted) => document.title === wanted, title, options)
      .then(() => true)
      .catch(() => false);
  }

  /** Waits until the explorer lists these names in the workspace's folder, and no others. */
  async filesAre(names: readonly string[]): Promise<void> {
    const rows = this.page.locator('.explorer-folders-view .monaco-list-row[aria-level="1"]');
    for (const name of names) await rows.filter({ hasText: name }).first().waitFor();
    await rows.nth(names.length).waitFor({ state: "detached" });
  }

  /** Waits until a view lists these rows, and no others. */
  async rowsAre(section: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.row(section, name).waitFor();
    const rows = this.section(section).locator('.monaco-list-row[aria-level="1"]');
    await rows.nth(names.length).waitFor({ state: "detached" });
  }

  async openExplorer(): Promise<void> {
    const files = this.page.locator(".explorer-folders-view:visible").first();
    await this.pressUntil(() => this.page.keyboard.press("Control+Shift+E"), files);
  }

  /** A press on the icon of the view that is open closes it. */
  async openSideBar(): Promise<void> {
    const icon = this.page.locator('.activitybar a.action-label[aria-label="AgentGraph"]').first();
    const view = this.section("Proposals");
    if (!(await view.isVisible())) await this.pressUntil(() => icon.click(), view);
  }

  /** A text in the graph's drawing. */
  graphText(text: string): Locator {
    const frame = this.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
    return frame.getByText(text, { exact: false }).first();
  }

  /** Opens a row of a tree if it is closed. */
  async expand(section: string, text: string): Promise<void> {
    const row = this.row(section, text);
    if ((await row.getAttribute("aria-expanded")) !== "true") await row.locator(".monaco-tl-twistie").click();
  }

  section(name: string): Locator {
    return this.page.locator(".sidebar .pane", { has: this.page.locator(`.pane-header[aria-label^="${name}"]`) });
  }

  row(section: string, text: string): Locator {
    return this.section(section).locator(".monaco-list-row", { hasText: text }).first();
  }

  /** Presses an inline action of a row, which shows when the mouse is over it. */
  async act(section: string, text: string, action: string): Promise<void> {
    const row = this.row(section, text);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** Presses an action in a view's title, which shows when the mouse is over the view. */
  async titleAction(section: string, action: string): Promise<void> {
    await this.section(section).hover();
    await this.section(section).locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** Presses until it shows: a press is lost where VS Code draws what is pressed anew under it. */
  async pressUntil(press: () => Promise<void>, shown: Locator): Promise<void> {
    await press();
    await shown.waitFor({ timeout: 8000 }).catch(press);
    await shown.waitFor();
  }

  async activeTab(): Promise<string> {
    return (await this.page.locator(".tabs-container .tab.active").getAttribute("aria-label")) ?? "";
  }

  async tabOtherThan(title: string): Promise<void> {
    await this.page.locator(`.tabs-container .tab.active:not([aria-label=${JSON.stringify(title)}])`).waitFor();
  }

  async focusEditor(): Promise<void> {
    await this.press("workbench.action.focusActiveEditorGroup");
    await this.page.locator(".quick-input-widget").first().waitFor({ state: "hidden" });
    await this.page.locator(".editor-instance .monaco-editor.focused").first().waitFor();
  }

  insertedLine(): Locator {
    return this.page.locator(".monaco-diff-editor .line-insert, .monaco-diff-editor .char-insert").first();
  }

  /** While a lens is a mere memory of the last time, it is no link, and a click on it does nothing. */
  async pressLens(text: string): Promise<void> {
    await this.page.locator(".codelens-decoration a", { hasText: text }).first().click();
  }

  lens(text: string): Locator {
    return this.page.locator(".codelens-decoration a, .codelens-decoration span", { hasText: text }).first();
  }

  /** An action in the title of the editors. @param icon name of its codicon */
  editorAction(icon: string): Locator {
    return this.page.locator(`.editor-actions .codicon-${icon}`).first();
  }

  statusBar(text: string): Locator {
    return this.page.locator(".statusbar-item", { hasText: text }).first();
  }
}
