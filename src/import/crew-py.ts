/** The content of a crew's Python file. The code is read as text, and never run. */
export interface PythonCrew {
  /** By name of the task in its YAML file. */
  readonly tasks: ReadonlyMap<string, PythonTask>;
  /** Method or variable → name in `agents.yaml`, and in `tasks.yaml`: YAML files name the methods, too. */
  readonly agentNames: ReadonlyMap<string, string>;
  readonly taskNames: ReadonlyMap<string, string>;
}

interface PythonTask {
  readonly agent: string | null;
  /** Names of tasks; null if the file names none. */
  readonly context: readonly string[] | null;
}

/**
 * Reads agents and contexts of tasks in `@CrewBase` classes: `Task(config=self.tasks_config["write"],
 * agent=self.writer(), context=[self.research()])`.
 */
export function crewInPython(code: string): PythonCrew {
  const agents = configsOf(code, "agents_config");
  const tasks = configsOf(code, "tasks_config");
  const found = new Map<string, PythonTask>();
  for (const { body, config } of makers(code)) {
    if (config?.kind !== "tasks_config") continue;
    const agent = /\bagent\s*=\s*(?:self\.)?(\w+)\s*(?:\(|[,)\s])/.exec(body)?.[1] ?? null;
    const list = /\bcontext\s*=\s*\[([^\]]*)\]/.exec(body)?.[1];
    const context =
      list === undefined
        ? null
        : [...list.matchAll(/(?:self\.)?\b(\w+)/g)].map(([, name = ""]) => tasks.get(name) ?? name);
    found.set(config.name, { agent: agent === null ? null : (agents.get(agent) ?? agent), context });
  }
  return { tasks: found, agentNames: agents, taskNames: tasks };
}

/** A function that makes an agent or a task, or a variable that holds one. */
interface Maker {
  readonly name: string;
  readonly body: string;
  readonly config: { readonly kind: string; readonly name: string } | null;
}

function makers(code: string): Maker[] {
  const starts = [
    ...code.matchAll(
      /^[ \t]*(?:(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(|(?:self\.)?(\w+)[ \t]*=[ \t]*(?:Agent|Task)[ \t]*\()/gm,
    ),
  ];
  return starts.map((start, index) => {
    const body = code.slice(start.index, starts[index + 1]?.index);
    const [, kind, name] = /\b(agents_config|tasks_config)\s*\[\s*["']([^"']+)["']\s*\]/.exec(body) ?? [];
    return {
      name: start[1] ?? start[2] ?? "",
      body,
      config: kind === undefined || name === undefined ? null : { kind, name },
    };
  });
}

/** Method or variable → name in the YAML file. */
function configsOf(code: string, kind: string): ReadonlyMap<string, string> {
  return new Map(
    makers(code).flatMap(({ name, config }) => (config?.kind === kind ? [[name, config.name] as const] : [])),
  );
}
