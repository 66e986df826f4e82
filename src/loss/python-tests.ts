/**
 * Runs tests in Python next to `solution.py`: functions named `test_…` that take `solution`, `inputs`, both or neither;
 * `unittest` classes; or `tests(solution, inputs)`, which returns functions by name. What the code prints goes to standard
 * error. The last line of the output that starts with the mark is the result; lines before say how far it came.
 * @param module of the tests, without its extension
 */
export function pythonHarness(module: string, mark: string): string {
  return `import importlib, inspect, json, os, sys, traceback, unittest

MARK = ${JSON.stringify(mark)}
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
inputs = json.load(sys.stdin)
out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def say(**what):
    out.write("\\n" + MARK + json.dumps(what) + "\\n")
    out.flush()


def problem(error):
    text = str(error).strip()
    if isinstance(error, AssertionError) and not text:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.line]
        return frames[-1].line if frames else "an assertion fails"
    name = type(error).__name__
    return text if isinstance(error, AssertionError) else f"{name}: {text}" if text else name


def call(function):
    known = {"solution": solution, "inputs": inputs}
    return lambda: function(**{name: known[name] for name in inspect.signature(function).parameters})


say(stage="solution")
try:
    solution = importlib.import_module("solution")
except BaseException as error:
    say(count=1, failed=[], broken="the code can't be loaded: " + problem(error)[:400])
    os._exit(0)
say(stage="tests")
tests = importlib.import_module(${JSON.stringify(module)})
found = {}
if callable(getattr(tests, "tests", None)):
    found.update(tests.tests(solution, inputs))
for name, value in list(vars(tests).items()):
    if name.startswith("test_") and inspect.isfunction(value):
        known = {"solution", "inputs"}
        other = [one for one in inspect.signature(value).parameters if one not in known]
        if other:
            raise TypeError(f"{name} takes {other[0]}, but a test takes only solution and inputs")
        found[name] = call(value)


def cases(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from cases(one)
        else:
            yield one


def case(one):
    def run():
        result = unittest.TestResult()
        one.run(result)
        for _, text in result.failures + result.errors:
            raise AssertionError(text.strip().split("\\n")[-1])

    return run


for one in cases(unittest.defaultTestLoader.loadTestsFromModule(tests)):
    found[one.id().split(".", 1)[-1]] = case(one)
if not found:
    raise ValueError("it has no tests")
say(stage="solution")
failed = []
for name, test in found.items():
    try:
        if test() is False:
            failed.append({"name": name, "problem": ""})
    except BaseException as error:
        failed.append({"name": name, "problem": problem(error)[:400]})
say(count=len(found), failed=failed, broken=None)
os._exit(0)
`;
}
