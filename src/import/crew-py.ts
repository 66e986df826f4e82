/** The content of a crew's Python file. The code is read as text, and never run. */
export interface PythonCrew {
  /** By name of the task in its YAML file. */
  readonly tasks: ReadonlyMap<string, PythonTask>;
  /** Method → name in `agents.yaml` and in `tasks.yaml`, because YAML files can name methods. */
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
  for (const { body, config } of methods(code)) {
    if (config?.kind !== "tasks_config") continue;
    const agent = /\bagent\s*=\s*self\.(\w+)\s*(?:\(|[,)\s])/.exec(body)?.[1] ?? null;
    const list = /\bcontext\s*=\s*\[([^\]]*)\]/.exec(body)?.[1];
    const context =
      list === undefined ? null : [...list.matchAll(/self\.(\w+)/g)].map(([, name = ""]) => tasks.get(name) ?? name);
    found.set(config.name, { agent: agent === null ? null : (agents.get(agent) ?? agent), context });
  }
  return { tasks: found, agentNames: agents, taskNames: tasks };
}

interface Method {
  readonly name: string;
  readonly body: string;
  readonly config: { readonly kind: string; readonly name: string } | null;
}

function methods(code: string): Method[] {
  const starts = [...code.matchAll(/^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(/gm)];
  return starts.map((start, index) => {
    const body = code.slice(start.index, starts[index + 1]?.index);
    const [, kind, name] = /\b(agents_config|tasks_config)\s*\[\s*["']([^"']+)["']\s*\]/.exec(body) ?? [];
    return { name: start[1] ?? "", body, config: kind === undefined || name === undefined ? null : { kind, name } };
  });
}

/** Method → name in the YAML file. */
function configsOf(code: string, kind: string): ReadonlyMap<string, string> {
  return new Map(
    methods(code).flatMap(({ name, config }) => (config?.kind === kind ? [[name, config.name] as const] : [])),
  );
}
