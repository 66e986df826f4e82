import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textsOf, thetaIn, thetaOf } from "../../../src/engine/theta.ts";
import {
  edgeChanges,
  fitText,
  graphsUnder,
  inputsIdOf,
  inputsText,
  namesIn,
  neededInputs,
  nodeOfInputs,
  openInputs,
  readableNames,
  withoutEdgeChange,
  withTheta,
} from "../../../src/graph/edges.ts";
import { currentText, replaceText } from "../../../src/graph/edits/edit.ts";
import { fittedChanges } from "../../../src/graph/edits/fitted-changes.ts";
import { textStatusOf } from "../../../src/graph/edits/text-status.ts";
import { applyEdits } from "../../../src/graph/fault.ts";
import type { Graph, GraphNode } from "../../../src/graph/graph.ts";
import { placeholders } from "../../../src/graph/text/templating.ts";
import { findCycle } from "../../../src/graph/topology.ts";
import { graphOf, llm } from "../engine/fixtures.ts";

const NAMES = ["question", "a", "b", "c", "d", "e"];

/** A graph without a cycle whose nodes are in any order in the file. */
const graphs = fc
  .record({
    reads: fc.array(fc.subarray(NAMES), { minLength: 5, maxLength: 5 }),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
  })
  .map(({ reads, order }): Graph => {
    const nodes = NAMES.slice(1).map((id, at) => llm(id, reads[at]?.filter((name) => NAMES.indexOf(name) <= at) ?? []));
    const shuffled = order.map((at) => nodes[at]).filter((node) => node !== undefined);
    return openInputs(graphOf(shuffled, { output: "e" }), () => true);
  });

describe("edges of a graph under Θ", () => {
  it("never form a cycle, whatever each node comes to read of the names that it can read", () => {
    fc.assert(
      fc.property(graphs, fc.infiniteStream(fc.boolean()), (graph, coins) => {
        const readable = readableNames(graph);
        const texts = Object.fromEntries(
          graph.nodes.map(({ id }) => {
            const names = (readable.get(id) ?? []).filter(() => coins.next().value);
            return [inputsIdOf(id), inputsText(names)];
          }),
        );
        const under = graphsUnder(graph)(texts);
        expect(findCycle(new Map(under.nodes.map(({ id, inputs }) => [id, [...inputs]])))).toBeNull();
      }),
    );
  });

  it("contain what the file has: each node can read its own inputs and every graph input", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const readable = readableNames(graph);
        for (const { id, inputs } of graph.nodes) {
          expect(readable.get(id)).toEqual(expect.arrayContaining([...inputs, "question"]));
        }
      }),
    );
  });

  it("offer a node that nothing reads to all others that it does not depend on", () => {
    const graph = graphOf([llm("solve", ["question"]), llm("plan", ["question"])], { output: "solve" });
    expect(readableNames(graph).get("solve")).toContain("plan");
    expect(readableNames(graph).get("plan")).not.toContain("solve");
  });

  it("look a few times at each node of a large graph", () => {
    let looks = 0;
    const chain = Array.from({ length: 500 }, (_, at) => {
      const { inputs, ...node } = llm(`n${at}`, ["question", ...(at > 0 ? [`n${at - 1}`] : [])]);
      const get = () => {
        looks++;
        return inputs;
      };
      return Object.defineProperty(node, "inputs", { get }) as GraphNode;
    });
    const readable = readableNames(graphOf(chain, { output: "n499" }));
    expect(looks).toBe(0);
    expect(readable.get("n499")).toHaveLength(500);
    expect(readable.get("n250")).toHaveLength(251);
    expect(looks).toBeLessThan(5 * 500);
  });

  it("are the same graph for texts with the same edges", () => {
    const graph = openInputs(graphOf([llm("a", ["question"]), llm("b", ["a"])]), () => true);
    const under = graphsUnder(graph);
    expect(under({ a: "x" })).toBe(graph);
    expect(under({ "b:inputs": "question\na" })).toBe(under({ "b:inputs": "question\na", a: "y" }));
    expect(under({ "b:inputs": "question" }).nodes[1]?.inputs).toEqual(["question"]);
  });

  it("say what was added and dropped, and are taken back one by one", () => {
    expect(edgeChanges("a\nb", "b\nc")).toEqual({ added: ["c"], dropped: ["a"] });
    expect(withoutEdgeChange("a\nb", "b\nc", "c")).toBe("b");
    expect(withoutEdgeChange("a\nb", "b\nc", "a")).toBe("a\nb\nc");
    expect(nodeOfInputs("solve")).toBeNull();
    expect(nodeOfInputs(inputsIdOf("solve"))).toBe("solve");
  });
});

describe("an instruction for other inputs", () => {
  const text = "Answer.\n\nPassage:\n{{passage}}\n\nQuestion: {{question}}";
  const node = llm("answer", ["question", "passage"], { text });

  it("stays as it is for the same inputs", () => {
    expect(fitText(node, text, ["question", "passage"])).toBe(text);
  });

  it("loses a placeholder with its label, its tags, or alone in a sentence", () => {
    expect(fitText(node, text, ["question"])).toBe("Answer.\n\nQuestion: {{question}}");
    expect(fitText(node, text, ["passage"])).toBe("Answer.\n\nPassage:\n{{passage}}");
    const tagged = "Answer {{question}}\n<passage>\n{{passage}}\n</passage>\nBe brief.";
    expect(fitText(node, tagged, ["question"])).toBe("Answer {{question}}\nBe brief.");
    const sentence = "Use the passage {{passage}} to answer.\n{{question}}";
    expect(fitText(node, sentence, ["question"])).toBe("Use the passage to answer.\n{{question}}");
    const steps = "Read this. Then answer:\n{{passage}}\n{{question}}";
    expect(fitText(node, steps, ["question"])).toBe("Read this. Then answer:\n{{question}}");
  });

  it("gets a placeholder only where it is sent as it is rendered", () => {
    const added = "Answer.\n\nPassage:\n{{passage}}\n\nQuestion: {{question}}\n\n<hint>\n{{hint}}\n</hint>";
    expect(fitText(node, text, ["question", "passage", "hint"])).toBe(added);
    const plain = llm("answer", ["question"], { text: "Answer." });
    expect(fitText(plain, "Answer.", ["question", "hint"])).toBe("Answer.");
    const asUser = { ...node, message: "user" } as const;
    expect(fitText(asUser, text, ["question", "passage", "hint"])).toBe(text);
    const roles = "system:\nAnswer.\nuser:\n{{question}} {{passage}}";
    expect(fitText(node, roles, ["question", "passage", "hint"])).toBe(roles);
  });

  it("names none of the inputs that are gone, and all that stay, whatever the text", () => {
    const piece = fc.constantFrom(
      "{{a}}",
      "{{b}}",
      "{{c}}",
      "A:",
      "\n",
      "\n\n",
      "Use",
      "<a>",
      "</a>",
      "- ",
      "say so. ",
    );
    fc.assert(
      fc.property(fc.array(piece), fc.subarray(["a", "b", "c"], { minLength: 1 }), (pieces, inputs) => {
        const written = pieces.join("");
        const fitted = fitText(llm("n", ["a", "b", "c"]), written, inputs);
        const named = placeholders(written).filter((name) => inputs.includes(name));
        expect(placeholders(fitted)).toEqual(named);
      }),
    );
  });

  it("keeps what a frame, variables, keep and over name", () => {
    const more = { frame: "{{instruction}} {{a}}", keep: ["{{b}}"], variables: { x: "c" } };
    expect(neededInputs(llm("n", ["a", "b", "c", "d"], more))).toEqual(["a", "b", "c"]);
  });
});

describe("inputs in the file", () => {
  const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 1 });
  const forms = fc.constantFrom("line", "lines", "comments");

  it("are changed and nothing else is, in whatever form they are written", () => {
    fc.assert(
      fc.property(names, names, forms, (before, after, form) => {
        const list =
          form === "line"
            ? `["${before.join('", "')}"]`
            : `[\n        ${before.map((name) => `"${name}"${form === "comments" ? " // why, it" : ""}`).join(",\n        ")}\n      ]`;
        // A comma belongs before the comment.
        const valid = list.replace(/ \/\/ why, it,/g, ", // why, it");
        const content = `{ "nodes": { "n": {\n      "inputs": ${valid},\n      "instruction": "x" } } } // end`;
        const place = { node: "n:inputs", form: "inputs" } as const;
        const ordered = [
          ...before.filter((one) => after.includes(one)),
          ...after.filter((one) => !before.includes(one)),
        ];
        const edited = applyEdits(content, replaceText(content, place, inputsText(ordered)));
        expect(namesIn(currentText(edited, place) ?? "")).toEqual(ordered);
        expect(edited.endsWith(',\n      "instruction": "x" } } } // end')).toBe(true);
        const back = applyEdits(edited, replaceText(edited, place, inputsText(ordered)));
        expect(back).toBe(edited);
      }),
    );
  });

  it("are added to a node that has none", () => {
    const content = '{ "nodes": { "n": { "instruction": "x" } } }';
    const place = { node: "n:inputs", form: "inputs" } as const;
    const edited = applyEdits(content, replaceText(content, place, "a"));
    expect(JSON.parse(edited).nodes.n).toEqual({ instruction: "x", inputs: ["a"] });
  });
});

describe("changes as they are written", () => {
  const text = "Answer {{question}} with {{hint}}.";
  const node: GraphNode = llm("n", ["question", "hint"], { text });
  const run = openInputs(graphOf([llm("hint", ["question"]), node]), () => true);
  const inputs = { node: "n:inputs", base: "question\nhint", text: "question" };
  const words = { node: "n", base: text, text: "Answer {{question}} briefly with {{hint}}." };

  it("bring the placeholder along where only the inputs change", () => {
    expect(fittedChanges([inputs], run, run)).toEqual([
      { change: inputs, isCompanion: false },
      { change: { node: "n", base: text, text: "Answer {{question}} with." }, isCompanion: true },
    ]);
  });

  it("fit a new text to the inputs that come with it, and to those that were applied before", () => {
    const [, fitted] = fittedChanges([inputs, words], run, run);
    expect(fitted?.change).toEqual({ ...words, text: "Answer {{question}} briefly with." });
    const applied = withTheta(run, { "n:inputs": "question" });
    expect(fittedChanges([words], run, applied)[0]?.change).toEqual({
      node: "n",
      base: "Answer {{question}} with.",
      text: "Answer {{question}} briefly with.",
    });
  });

  it("know the text that went with applied inputs, and leave one alone that was changed since", () => {
    const applied = withTheta(run, { "n:inputs": "question" });
    expect(fittedChanges([inputs], run, applied)).toMatchObject([{}, { isCompanion: true }]);
    const edited = { ...applied, nodes: applied.nodes.map((one) => ({ ...one, text: "Mine." })) };
    expect(fittedChanges([inputs], run, edited)).toHaveLength(1);
  });

  it("leave the Θ of a run that can change inputs to be told by the graph in the file, which does not say that", () => {
    const file = openInputs(run, () => false);
    expect(thetaIn(run, file)).toBe(thetaOf(textsOf(run)));
    expect(thetaIn(run, file)).not.toBe(thetaOf(textsOf(file)));
    expect(thetaIn(file, file)).toBe(thetaOf(textsOf(file)));
    expect(
      thetaIn(
        run,
        openInputs(withTheta(run, { "n:inputs": "question" }), () => false),
      ),
    ).not.toBe(thetaOf(textsOf(run)));
  });

  it("are told from a text of the user, also after the inputs of their node were applied", () => {
    const applied = withTheta(run, { "n:inputs": "question" });
    expect(textStatusOf(inputs, run, run)).toBe("base");
    expect(textStatusOf(inputs, run, applied)).toBe("proposed");
    expect(textStatusOf(words, run, applied)).toBe("base");
    expect(textStatusOf(words, run, withTheta(run, { "n:inputs": "question", n: words.text }))).toBe("proposed");
    const edited = { ...applied, nodes: applied.nodes.map((one) => ({ ...one, text: "Mine." })) };
    expect(textStatusOf(words, run, edited)).toBe("changed");
    expect(textStatusOf(words, run, null)).toBe("unknown");
  });
});
