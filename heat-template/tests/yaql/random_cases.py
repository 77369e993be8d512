#!/usr/bin/env python3
"""Writes random expressions, one JSON case a line, with the answers of Python's yaql.

    venv/bin/python random_cases.py 5000 17 > cases.jsonl      # how many, and the seed
    HEAT_YAQL_ANSWERS=cases.jsonl cargo test -p heat-template --test yaql -- --ignored

Most of the expressions make sense by their types; some do not, on purpose. What differs between two processes of Python
(the order of sets of texts) is left out.
"""

import json
import os
import random
import sys


sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record  # noqa: E402

DATA = {
    "people": [
        {"name": "ann", "age": 31, "tags": ["x", "y"]},
        {"name": "bob", "age": 25, "tags": []},
        {"name": "cid", "age": None, "tags": ["y", "z", "y"]},
    ],
    "numbers": [4, 1, 3, 2, 1],
    "words": ["web", "db", "", "Web", "a,b"],
    "map": {"a": 1, "b": {"c": [1, 2]}, "d": None},
    "text": "eth0=10.0.0.1;eth1=10.0.0.2",
    "nested": [[1, [2, 3]], [], [[4]]],
}


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.variables = []

    def one(self, *choices):
        choice = self.random.choice(choices)
        return choice() if callable(choice) else choice

    def chance(self, part):
        return self.random.random() < part

    def number(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.one("0", "1", "2", "3", "7", "10", "-1", "2.5", "0.5", "100", "-3")
        n = lambda: self.number(depth - 1)
        return self.one(
            lambda: "(%s %s %s)" % (n(), self.one("+", "-", "*", "/", "mod"), n()),
            lambda: "%s.len()" % self.collection(depth - 1),
            lambda: "len(%s)" % self.collection(depth - 1),
            lambda: "%s.len()" % self.text(depth - 1),
            lambda: "%s.%s()" % (self.numbers(depth - 1), self.one("sum", "max", "min", "first", "last", "count")),
            lambda: "%s.%s(%s)" % (self.numbers(depth - 1), self.one("sum", "max", "min", "first", "last", "indexOf", "lastIndexOf"), n()),
            lambda: "%s.indexOf(%s%s)" % (self.text(depth - 1), self.text(0), self.one("", ", %s" % self.number(0))),
            lambda: "%s.aggregate(%s, %s)" % (self.numbers(depth - 1), self.lambda_two(depth - 1), n()),
            lambda: "%s(%s)" % (self.one("abs", "int", "float", "sign", "round"), n()),
            lambda: "%s(%s, %s)" % (self.one("max", "min", "pow", "bitwiseAnd", "bitwiseOr", "bitwiseXor", "shiftBitsLeft", "shiftBitsRight", "round"), n(), n()),
            lambda: "-%s" % n(),
            lambda: "int(%s)" % self.text(depth - 1),
            lambda: "switch(%s => %s, true => %s)" % (self.truth(depth - 1), n(), n()),
            lambda: "coalesce(%s, %s)" % (self.any(depth - 1), n()),
            lambda: "%s[%s]" % (self.numbers(depth - 1), self.number(0)),
            lambda: "$.data.map.a",
            lambda: "%s.%s(%s)" % (self.numbers(depth - 1), self.one("indexWhere", "lastIndexWhere"), self.predicate(depth - 1)),
        )

    def numbers(self, depth):
        if depth <= 0 or self.chance(0.25):
            return self.one("$.data.numbers", "[1, 2, 3]", "range(4)", "[]", "range(1, 6, 2)", "[3, 1, 2, 1]", "set(3, 1, 2)", "sequence(1).limit(3)")
        c = lambda: self.numbers(depth - 1)
        return self.one(
            lambda: "%s.%s(%s)" % (c(), self.one("where", "takeWhile", "skipWhile", "filter"), self.predicate(depth - 1)),
            lambda: "%s.select(%s)" % (c(), self.lambda_one(depth - 1)),
            lambda: "%s.%s()" % (c(), self.one("distinct", "reverse", "toList", "memorize", "toSet", "flatten")),
            lambda: "%s.%s(%s)" % (c(), self.one("limit", "skip", "take", "append", "delete", "contains"), self.number(0)),
            lambda: "(%s + %s)" % (c(), c()),
            lambda: "%s.%s(%s)" % (c(), self.one("orderBy", "orderByDescending"), self.lambda_one(depth - 1)),
            lambda: "%s.orderBy(%s).thenByDescending(%s)" % (c(), self.lambda_one(depth - 1), self.lambda_one(0)),
            lambda: "%s.accumulate(%s%s)" % (c(), self.lambda_two(depth - 1), self.one("", ", 1")),
            lambda: "concat(%s, %s)" % (c(), c()),
            lambda: "%s.%s(%s, %s)" % (c(), self.one("insert", "replace", "insertMany", "replaceMany", "delete"), self.number(0), self.one(c, lambda: self.number(0))),
            lambda: "%s.selectMany(%s)" % (c(), self.one("[$, $ * 2]", "range($)", "$", "[]")),
            lambda: "range(%s, %s)" % (self.number(0), self.number(0)),
            lambda: "list(%s, %s)" % (c(), self.number(0)),
            lambda: "[%s, %s]" % (self.number(depth - 1), self.number(depth - 1)),
            lambda: "generate(%s, $ < 20, $ * 2 + 1)" % self.number(0),
            lambda: "generateMany(1, [$ + 1, $ * 2].where($ < 9)%s)" % self.one("", ", decycle => true", ", $ * 2, true, true"),
            lambda: "%s.%s(%s)" % (self.one("set(1, 2, 3)", "set(2)", "%s.toSet()" % c()), self.one("union", "intersect", "difference", "symmetricDifference"), self.one("set(2, 9)", "%s.toSet()" % c())),
            lambda: "%s.defaultIfEmpty(%s)" % (c(), c()),
            lambda: "(%s * %s)" % (c(), self.number(0)),
            lambda: "%s.cycle().limit(5)" % c(),
            lambda: "%s.repeat(2)" % self.number(0),
            lambda: "%s.zip(%s).select($[0] + $[1])" % (c(), c()),
            lambda: "%s.join(%s, $1 %s $2, $1 * 10 + $2)" % (c(), c(), self.one("<", "=", ">")),
            lambda: "%s.slice(2).select($.sum())" % c(),
        )

    def text(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.one("'abc'", "'a,b,c'", "''", "' x y '", "'12'", "'häß'", "$.data.text", "foo", "'Aab'", "'b'")
        t = lambda: self.text(depth - 1)
        return self.one(
            lambda: "(%s + %s)" % (t(), t()),
            lambda: "%s.%s()" % (t(), self.one("toUpper", "toLower", "trim", "trimLeft", "trimRight", "norm")),
            lambda: "%s.%s(%s)" % (t(), self.one("trim", "trimLeft", "trimRight"), t()),
            lambda: "%s.replace(%s, %s%s)" % (t(), t(), t(), self.one("", ", 1")),
            lambda: "%s.substring(%s%s)" % (t(), self.number(0), self.one("", ", %s" % self.number(0))),
            lambda: "str(%s)" % self.any(depth - 1),
            lambda: "%s.join(%s)" % (self.collection(depth - 1), t()),
            lambda: "concat(%s, %s)" % (t(), t()),
            lambda: "(%s * %s)" % (t(), self.number(0)),
            lambda: "%s.%s(%s)[%s]" % (t(), self.one("split", "rightSplit"), t(), self.number(0)),
            lambda: "regex(%s).replace(%s, %s)" % (self.pattern(), t(), self.one("'-'", "'<\\\\g<0>>'", "''")),
            lambda: "regex(%s).search(%s)" % (self.pattern(), t()),
            lambda: "regex(%s).replaceBy(%s, str($.start) + $.value)" % (self.pattern(), t()),
            lambda: "hex(%s)" % self.number(depth - 1),
            lambda: "escapeRegex(%s)" % t(),
            lambda: "datetime(2024, %s, %s, %s).format('%%Y-%%m-%%d %%H %%j %%U %%a')" % (self.one("1", "2", "12"), self.one("1", "29", "31"), self.one("0", "13")),
            lambda: "str(timespan(hours => %s, days => %s))" % (self.number(0), self.one("1", "0", "-2")),
        )

    def pattern(self):
        return self.one("'a'", "'[a-c]+'", "'(a)(b)?'", "'x*'", "'\\\\d+'", "'^.'", "'b$'", "'\\\\w*'", "'(?i)A'", "'[^,]+'", "'a|b'", "''", "'(\\\\w)\\\\1'")

    def texts(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.one("$.data.words", "[a, b]", "$.data.people.name", "['b', 'a', 'B']")
        return self.one(
            lambda: "%s.split(%s)" % (self.text(depth - 1), self.one("','", "';'", "", "'='", "',', 1")),
            lambda: "%s.rightSplit(%s)" % (self.text(depth - 1), self.one("','", "", "',', 1")),
            lambda: "%s.select(%s)" % (self.texts(depth - 1), self.one("$.toUpper()", "$ + x", "$.len()", "str($)")),
            lambda: "%s.where(%s)" % (self.texts(depth - 1), self.one("$ != ''", "$.startsWith('a')", "$.endsWith(b, c)", "isEmpty($)", "$ =~ 'b'")),
            lambda: "%s.toCharArray()" % self.text(depth - 1),
            lambda: "regex(%s).split(%s%s)" % (self.pattern(), self.text(depth - 1), self.one("", ", 1")),
            lambda: "regex(%s).searchAll(%s)" % (self.pattern(), self.text(depth - 1)),
            lambda: "%s.orderBy(%s)" % (self.texts(depth - 1), self.one("$", "$.len()", "$.toLower()")),
            lambda: "%s.keys().orderBy($)" % self.map(depth - 1),
            lambda: "%s.distinct()" % self.texts(depth - 1),
        )

    def map(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.one("$.data.map", "{a => 1}", "{}", "{b => 2, c => [1]}", "dict(a => 1, x => {y => 2})", "$.data.people[0]")
        m = lambda: self.map(depth - 1)
        return self.one(
            lambda: "(%s + %s)" % (m(), m()),
            lambda: "%s.set(%s, %s)" % (m(), self.text(0), self.any(depth - 1)),
            lambda: "%s.set(%s)" % (m(), m()),
            lambda: "%s.delete(%s)" % (m(), self.one("a", "b", "zz", "a, b")),
            lambda: "%s.mergeWith(%s%s)" % (m(), m(), self.one("", ", maxLevels => 1", ", itemMerger => $1", ", $1 + $2")),
            lambda: "%s.toDict(%s%s)" % (self.texts(depth - 1), self.one("$", "$.len()"), self.one("", ", $ + 1", ", $.len()")),
            lambda: "dict(%s.select([$, %s]))" % (self.numbers(depth - 1), self.lambda_one(depth - 1)),
            lambda: "dict(%s.items())" % m(),
            lambda: "dict(%s.zip(%s))" % (self.texts(depth - 1), self.numbers(depth - 1)),
            lambda: "dict(%s.groupBy(%s%s))" % (self.numbers(depth - 1), self.lambda_one(0), self.one("", ", $", ", $ * 2, $.sum()", ", $, $.len()", ", $, [$[0], $[1].sum()]")),
            lambda: "{x => %s, y => %s}" % (self.any(depth - 1), self.any(depth - 1)),
            lambda: "%s.get(%s, {})" % (m(), self.one("a", "b", "x")),
        )

    def collection(self, depth):
        return self.one(
            lambda: self.numbers(depth),
            lambda: self.texts(depth),
            lambda: "%s.%s()" % (self.map(depth - 1), self.one("values", "keys", "items", "keys().toList", "items().toList")),
            lambda: "$.data.people",
            lambda: "$.data.nested.flatten()",
            lambda: "%s.enumerate()" % self.numbers(depth - 1),
            lambda: "%s.%s(%s)" % (self.numbers(depth - 1), self.one("splitWhere", "sliceWhere"), self.predicate(depth - 1)),
            lambda: "%s.splitAt(%s)" % (self.numbers(depth - 1), self.number(0)),
            lambda: "%s.slice(%s)" % (self.numbers(depth - 1), self.number(0)),
            lambda: "%s.zip%s(%s)" % (self.numbers(depth - 1), self.one("", "Longest"), self.texts(depth - 1)),
            lambda: "%s.groupBy(%s)" % (self.numbers(depth - 1), self.lambda_one(0)),
            lambda: "selectAllCases(%s, %s)" % (self.truth(depth - 1), self.truth(depth - 1)),
            lambda: "examine(%s, %s)" % (self.any(depth - 1), self.truth(depth - 1)),
            lambda: "$.data.people.where(%s)" % self.one("$.age != null", "$.age > 26", "$.tags", "$.tags.any()", "$.name in [ann]"),
        )

    def truth(self, depth):
        if depth <= 0 or self.chance(0.2):
            return self.one("true", "false", "null", "1", "0", "''")
        return self.one(
            lambda: "%s %s %s" % (self.number(depth - 1), self.one("<", "<=", ">", ">=", "=", "!="), self.number(depth - 1)),
            lambda: "%s %s %s" % (self.text(depth - 1), self.one("<", ">", "=", "!=", "in", "=~", "!~"), self.text(0)),
            lambda: "(%s) %s (%s)" % (self.truth(depth - 1), self.one("and", "or"), self.truth(depth - 1)),
            lambda: "not (%s)" % self.truth(depth - 1),
            lambda: "%s.%s(%s)" % (self.collection(depth - 1), self.one("any", "all", "contains", "any"), self.one("", "$ = 1", "$")),
            lambda: "%s in %s" % (self.any(0), self.collection(depth - 1)),
            lambda: "%s(%s)" % (self.one("isString", "isList", "isDict", "isSet", "isNumber", "isInteger", "isBoolean", "isIterable", "isEmpty", "bool"), self.any(depth - 1)),
            lambda: "%s = %s" % (self.any(depth - 1), self.any(depth - 1)),
            lambda: "%s.containsKey(%s)" % (self.map(depth - 1), self.text(0)),
            lambda: "%s.containsValue(%s)" % (self.map(depth - 1), self.number(0)),
            lambda: "%s.startsWith(%s)" % (self.text(depth - 1), self.text(0)),
        )

    def lambda_one(self, depth):
        if depth <= 0:
            return self.one("$", "$ * 2", "-$", "$ mod 3", "str($)", "[$]", "$ > 1")
        return self.one("$ + %s" % self.number(depth - 1), "$ * $", "[$, %s]" % self.number(0), "let(v => $) -> $v + $", "switch($ > 2 => a, true => $)")

    def lambda_two(self, depth):
        return self.one("$1 + $2", "$1 * $2 + 1", "max($1, $2)", "[$1, $2]", "$2", "$1 - $2 * %s" % self.number(0))

    def predicate(self, depth):
        return self.one("$ > %s" % self.number(0), "$ mod 2 = 0", "$", "$ in %s" % self.numbers(depth - 1), "not $", "true", "$ < %s" % self.number(depth - 1))

    def any(self, depth):
        return self.one(
            lambda: self.number(depth), lambda: self.text(depth), lambda: self.map(depth),
            lambda: self.collection(depth), lambda: self.truth(depth), "null", "$.data",
        )

    def expression(self):
        depth = self.one(1, 2, 2, 3, 3, 4)
        whole = self.any(depth)
        if self.chance(0.1):
            whole = "let(v => %s) -> [$v, %s]" % (self.any(2), whole)
        if self.chance(0.05):
            # Something goes wrong in the text.
            at = self.random.randrange(len(whole))
            whole = whole[:at] + self.one("", "(", ")", ",", ".", " ", "'", "=>", "[", "-") + whole[at + self.one(0, 1):]
        return whole


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    writer = Writer(seed)
    cases = [{"expression": writer.expression(), "data": DATA} for _ in range(count)]
    for case, one, two in zip(cases, record.answers(cases, 1), record.answers(cases, 2)):
        if one == two:
            print(json.dumps(dict(case, **one)))


if __name__ == "__main__":
    main()
