/** Milliseconds of processor time that some work takes in this thread, whatever else the machine does. */
export function cpuTime(work: () => void): number {
  const before = used();
  work();
  return used() - before;
}

function used(): number {
  // Older versions of Node know the time of the whole process alone: with two threads, twice as much at most.
  const { threadCpuUsage = process.cpuUsage } = process as { threadCpuUsage?: typeof process.cpuUsage };
  const { user, system } = threadCpuUsage.call(process);
  return (user + system) / 1_000;
}
