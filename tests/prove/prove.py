#!/usr/bin/env python3
"""prove.py: Frama-C's WP proves what README.md says of ffnn.h's reader of untrusted headers.

    prove.py            proves it
    prove.py mutants    plants the bugs of mutants.txt one by one: each must leave a goal unproved
    prove.py NAME       only this section, JSON, or only this function

`make prove` and `make prove_mutants` call it from the top folder. It cuts the sections that
contracts.acsl names out of ffnn.h and adds the contracts; what WP gets is in build/prove/prove.c.
Without Frama-C, why3 or cvc4 it is skipped, aloud; with PROVE_STRICT=1 it has failed then. The last
line is "N passed, N failed".
"""
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"), "prove"))
FUNCTION = r"^static [^\n;=]*?\b(%s)\([^;{]*\) \{"

# The number of goals is the one of this version: Debian 12's.
VERSION = "25.0-beta (Manganese)"

# A prover stops after so many steps, which are the same on a machine that is busy. The hardest goal
# takes a seventh of them. The seconds are only there to end a prover that hangs.
LIMITS = ["-wp-steps", "1000000", "-wp-timeout", "300", "-wp-smoke-timeout", "2"]

# What else WP warns of makes its proofs worth less, so it fails.
HARMLESS = ("Memory model hypotheses", "operand of bitwise operator is a logical relation",
            "Failed smoke-test") # that is no warning, but a goal that is counted


def stop(message):
    sys.exit(f"prove: {message}\n0 passed, 1 failed")


def read(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


# ---- what is taken out of ffnn.h ---------------------------------------------------------------


def section(header, heading):
    """The text from one heading to the next, without what needs <stdio.h>."""
    begin = re.search(rf"^/\* ---- {re.escape(heading)} -+ \*/$", header, re.M)
    if begin is None:
        stop(f"ffnn.h has no section {heading}")
    text = header[begin.start():header.index("\n/* ---- ", begin.end())]
    return re.sub(r"^#ifndef FFNN_NO_STDIO$.*?^#endif[^\n]*$", "", text, flags=re.M | re.S)


def type_of(header, name):
    found = re.search(rf"^typedef (?:enum|struct) {name} {{$.*?^}} {name};$", header, re.M | re.S)
    if found is None:
        stop(f"ffnn.h has no type {name}")
    return found.group() + "\n"


def functions(text):
    return re.findall(FUNCTION % r"ffnn__\w+", text, re.M)


def function_span(text, name):
    found = list(re.finditer(FUNCTION % name, text, re.M))
    if len(found) != 1:
        stop(f"ffnn.h has no function {name}")
    begin, body = found[0].span()
    line = text[body:text.index("\n", body)]
    return begin, body + len(line) if line else text.index("\n}\n", body) + 2


def check_words(text):
    """models.h says of strlen that it gets a literal of 1 to 12 bytes: here that is checked."""
    for name in ("ffnn__json_word", "ffnn__json_is"):
        calls = len(re.findall(rf"\b{name}\(", text)) - 1
        literals = re.findall(rf'\b{name}\(json, "((?:[^"\\]|\\.){{1,12}})"\)', text)
        if calls < 1 or calls != len(literals):
            stop(f"{name} is called with something else than a literal of 1 to 12 bytes")
    if text.count("strlen(") != 2 + text.count("+ strlen(text) + 1"):
        stop("strlen has a new caller")


# ---- what is added ---------------------------------------------------------------------------


class Annotations:
    """contracts.acsl: its comment at the top says how it is written."""

    def __init__(self):
        self.sections, self.functions = [], {}
        block = None
        for number, line in enumerate(read("contracts.acsl").splitlines(), 1):
            word, _, rest = line.partition(" ")
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith(" "):
                block.append(line.strip())
            elif word == "section":
                self.sections.append({"heading": rest, "prove": [], "dead": [], "options": []})
            elif word == "goals":
                self.sections[-1]["goals"] = int(rest)
            elif word == "dead":
                self.sections[-1]["dead"].append(rest)
            elif word == "options":
                self.sections[-1]["options"] = rest.split()
            elif word in ("prove", "assume", "leave"):
                block, name = [], rest
                self.functions[name] = {"how": word, "contract": block, "inside": []}
                if word == "prove":
                    self.sections[-1]["prove"].append(name)
            elif word in ("loop", "before"):
                block = []
                self.functions[name]["inside"].append((rest, block))
            else:
                stop(f"contracts.acsl, line {number}: {word}")

    def part_of(self, name):
        """The section that a proved function is in."""
        for part in self.sections:
            if name in part["prove"]:
                return part
        return stop(f"{name} is neither a section nor a function that is proved")

    def annotate(self, name, body):
        """A function with its contract, or its prototype if what it does is assumed."""
        function = self.functions[name]
        if function["how"] == "leave":
            return ""
        if function["how"] == "assume":
            body = body[:body.index(" {")] + ";"
        for anchor, lines in function["inside"]:
            if body.count(anchor) != 1:
                stop(f"{name} has not one `{anchor}`")
            at = body.rindex("\n", 0, body.index(anchor)) + 1
            text = re.sub(r"\n(assert|admit)", r" */\n/*@ \1", "\n".join(lines))
            body = body[:at] + f"/*@ {text} */\n" + body[at:]
        if len(re.findall(r"\b(?:while|for) \(|\bdo \{", body)) - body.count("} while (") != \
                body.count("loop variant"):
            stop(f"{name} has a loop without a variant")
        contract = list(function["contract"])
        behind = [line.startswith(("assigns", "ensures")) for line in contract] + [True]
        contract.insert(behind.index(True), "terminates \\true;")
        return "/*@ " + "\n".join(contract) + " */\n" + body

    def apply(self, text):
        for name in functions(text):
            if name not in self.functions:
                stop(f"{name} is new: contracts.acsl says nothing of it")
        for name in self.functions:
            begin, end = function_span(text, name)
            text = text[:begin] + self.annotate(name, text[begin:end]) + text[end:]
        return text


def annotated(header, annotations):
    """What WP gets: models of the C library, types, the sections with their contracts."""
    text = "".join(section(header, part["heading"]) for part in annotations.sections)
    check_words(text)
    text = annotations.apply(text)
    begin, end = function_span(header, "ffnn__source_read")
    source_read = header[begin:header.index(" {", begin)] + ";\n"
    # WP's memory has a place of its own for each type: no void *.
    for old, new in (("memcmp(json->at,", "memcmp_unsigned(json->at,"),
                     ("memset(index, 0, sizeof *index);", "*index = (ffnn__index){0};")):
        if text.count(old) != 1:
            stop(f"ffnn.h has not one `{old}`")
        text = text.replace(old, new)
    for after, name in (("} ffnn__json;\n", "json.h"), ("} ffnn__entry;\n", "entries.h")):
        text = text.replace(after, after + read(name))
    types = type_of(header, "ffnn_status") + type_of(header, "ffnn__source")
    return read("models.h") + types + read("source.h") + source_read + text


# ---- the proof -------------------------------------------------------------------------------


def why3_config():
    """why3's list of provers, made here: what stands in the user's home is not touched."""
    path = os.path.join(OUT, "why3.conf")
    environment = dict(os.environ, WHY3CONFIG=path)
    subprocess.run(["why3", "config", "detect"], env=environment, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return environment


class Result:
    def __init__(self, log, seconds):
        found = re.search(r"^\[wp\] Proved goals: +(\d+) / (\d+)", log, re.M)
        self.proved, self.goals = map(int, found.groups()) if found else (0, 0)
        self.unproved = [line for line in log.splitlines() if re.match(r"\[wp\] \[.*\]", line) and
                         ": Valid" not in line and "[Passed]" not in line]
        warnings = re.findall(r"Warning: *\n? *(.*)", log)
        self.warnings = [text for text in warnings if not text.startswith(HARMLESS)]
        self.log, self.seconds = log, seconds


def wp(text, names, options, smoke=True):
    """Runs WP on these functions."""
    source = os.path.join(OUT, "prove.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    command = ["frama-c", "-machdep", "gcc_x86_64", "-wp", "-wp-rte", "-wp-model", "Typed",
               "-wp-prover", "cvc4", "-wp-cache", "none", "-wp-par", str(os.cpu_count() or 1),
               # That contracts do not say \from where pointers come makes WP's list of hypotheses on
               # memory imprecise, not the goals.
               "-wp-warn-key", "pedantic-assigns=inactive",
               "-wp-fct", ",".join(names)] + LIMITS + options
    if smoke:
        command.append("-wp-smoke-tests")
    command += os.environ.get("PROVE_OPTIONS", "").split()
    start = time.time()
    log = subprocess.run(command + [source], env=why3_config(), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False).stdout
    with open(os.path.join(OUT, "log"), "a", encoding="utf-8") as file:
        file.write(log)
    return Result(log, time.time() - start)


def expect_dead(result, names):
    """Smoke tests that fail since on x86-64 a branch is never taken, one in each of these functions."""
    for name in names:
        goal = name.replace("__", "_") + "_wp_smoke_dead_code_"
        dead = [line for line in result.unproved if f"[Failed] Smoke-test typed_{goal}" in line]
        if len(dead) == 1:
            result.unproved.remove(dead[0])
            result.proved += 1
        else:
            result.unproved.append(f"{name}: {len(dead)} branches are never taken, not 1")


def is_proved(name, result, goals):
    print(f"{name}: {result.proved} of {result.goals} goals, {result.seconds:.0f} s", flush=True)
    if result.proved == result.goals == goals and not result.unproved and not result.warnings:
        return True
    if result.goals == 0:
        print(result.log)
    elif result.goals != goals:
        print(f"  expected are {goals}: see README.md, \"The number of goals\"")
    for line in result.unproved + result.warnings:
        print(f"  {line}")
    return False


def prove(header, annotations, sections):
    version = subprocess.run(["frama-c", "-version"], stdout=subprocess.PIPE, text=True,
                             check=False).stdout.strip()
    passed = 0
    text = annotated(header, annotations)
    for part in sections:
        result = wp(text, part["prove"], part["options"])
        expect_dead(result, part["dead"])
        goals = part["goals"]
        if version != VERSION:
            print(f"Frama-C is {version}, not {VERSION}: the number of goals is not compared")
            goals = max(1, result.goals)
        passed += is_proved(f"{part['heading']}, {len(part['prove'])} functions", result, goals)
    return passed, len(sections) - passed


def prove_one(header, annotations, name):
    part = annotations.part_of(name)
    result = wp(annotated(header, annotations), [name], part["options"])
    expect_dead(result, [dead for dead in part["dead"] if dead == name])
    proved = is_proved(name, result, result.goals)
    return proved, not proved


# ---- planted bugs ----------------------------------------------------------------------------


def mutants():
    """mutants.txt: FUNCTION: what is wrong; - what stands there; + what is put there."""
    for block in read("mutants.txt").split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            name, _, what = lines[0].partition(": ")
            old = "\n".join(line[2:] for line in lines[1:] if line.startswith("- "))
            new = "\n".join(line[2:] for line in lines[1:] if line.startswith("+ "))
            yield name, what, old, new


def prove_mutants(header, annotations):
    """Only the function with the bug is proved again: `make prove` would prove it with the rest."""
    caught = missed = 0
    for name, what, old, new in mutants():
        begin, end = function_span(header, name)
        body = header[begin:end]
        if body.count(old) != 1:
            stop(f"mutants.txt: {name} has not one `{old}`")
        mutant = header[:begin] + body.replace(old, new) + header[end:]
        part = annotations.part_of(name)
        result = wp(annotated(mutant, annotations), [name], part["options"], smoke=False)
        if result.goals > result.proved:
            caught += 1
            goal = re.search(r"typed_\w+", result.unproved[0]) if result.unproved else None
            print(f"{name}: {what}: {result.goals - result.proved} of {result.goals} goals not "
                  f"proved ({goal.group() if goal else '?'}), {result.seconds:.0f} s", flush=True)
        else:
            missed += 1
            print(f"{name}: {what}: FAILED: nobody notices ({result.goals} goals)", flush=True)
    return caught, missed


def main():
    for tool in ("frama-c", "why3", "cvc4"):
        if shutil.which(tool) is None:
            print(f"prove: SKIPPED: no {tool} (Debian's packages: frama-c-base why3 cvc4)")
            sys.exit(os.environ.get("PROVE_STRICT", "0") != "0")
    os.makedirs(OUT, exist_ok=True)
    open(os.path.join(OUT, "log"), "w", encoding="utf-8").close()
    header = read("..", "..", "ffnn.h")
    annotations = Annotations()
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    sections = [part for part in annotations.sections if name in ("", part["heading"])]
    if name == "mutants":
        passed, failed = prove_mutants(header, annotations)
    elif sections:
        passed, failed = prove(header, annotations, sections)
    else:
        passed, failed = prove_one(header, annotations, name)
    print(f"{passed:d} passed, {failed:d} failed")
    sys.exit(failed > 0)


main()
