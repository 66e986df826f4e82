/** Bytes of a WebAssembly page. */
const PAGE = 65_536;

/** Bytes that the virtual machine needs for itself. */
const OWN = 2 * 2 ** 20;

/** Maximum bytes of a machine's memory. */
let most = Number.POSITIVE_INFINITY;
let wasRefused = false;

/**
 * Limits the memory of the virtual machines in this thread, above the 16 MB with which each one starts. QuickJS in
 * WebAssembly does not know the sizes of its allocations, so its own limit only applies to each of them, not to their sum
 * (https://github.com/justjake/quickjs-emscripten/issues/255).
 */
export function limitHeap(bytes: number): void {
  most = bytes + OWN;
  wasRefused = false;
}

/** Whether the last attempt to grow since the limit was set was refused. */
export function isHeapFull(): boolean {
  return wasRefused;
}

const grow = WebAssembly.Memory.prototype.grow;

// A refused growth makes the allocation fail, and QuickJS reports that it is out of memory.
WebAssembly.Memory.prototype.grow = function limited(this: WebAssembly.Memory, pages: number): number {
  // A smaller growth is tried after a refusal.
  wasRefused = this.buffer.byteLength + pages * PAGE > most;
  if (wasRefused) throw new RangeError("the memory limit is reached");
  return grow.call(this, pages);
};
