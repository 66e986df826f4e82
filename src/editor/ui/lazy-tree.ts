import { EventEmitter, type TreeDataProvider, type TreeItem } from "vscode";
import { Disposable } from "../disposable.ts";
import { loadOnce } from "../load-once.ts";
import { CalmRefresh } from "./calm-refresh.ts";

/** A tree that is loaded when it is first shown. */
export class LazyTree<T> extends Disposable implements TreeDataProvider<T> {
  readonly #changed = this.own(new EventEmitter<T | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #refresh = this.own(new CalmRefresh(() => this.#changed.fire(undefined)));
  readonly #tree: () => Promise<Tree<T>>;

  constructor(load: () => Promise<Tree<T>>) {
    super();
    this.#tree = loadOnce(async () => {
      const tree = await load();
      this.own(tree.onDidChangeTreeData(() => this.#refresh.request()));
      return tree;
    });
  }

  async getChildren(element?: T): Promise<T[]> {
    return this.#refresh.during(this.#tree().then((tree) => tree.getChildren(element)));
  }

  async getTreeItem(element: T): Promise<TreeItem> {
    return this.#refresh.during(this.#tree().then((tree) => tree.getTreeItem(element)));
  }

  async getParent(element: T): Promise<T | undefined> {
    return (await this.#tree()).getParent?.(element);
  }
}

/** Interface of the extension's trees. */
export interface Tree<T> {
  readonly onDidChangeTreeData: NonNullable<TreeDataProvider<T>["onDidChangeTreeData"]>;
  getChildren(element?: T): Promise<T[]>;
  getTreeItem(element: T): TreeItem | Promise<TreeItem>;
  getParent?(element: T): T | undefined;
}
