#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A state is written by one statement, and SQL stands in the cellar only. Read from the sources."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import tap  # noqa: E402
sys.path.insert(0, os.path.join(ROOT, "tools"))
from check_common import blank_comments, functions, read, walk  # noqa: E402

STRING = r'"(?:\\.|[^"\\\n])*"'
# Strings of C that stand side by side are one; a macro between them counts as a word.
JOINED = re.compile(rf"{STRING}(?:\s*(?:{STRING}|[A-Z_]{{3,}}\b))*")
WRITES = re.compile(r"\b(UPDATE|INSERT(?: OR \w+)? INTO|REPLACE INTO|DELETE FROM)\s+(\w+)", re.I)


def statements(text):
    """(line, SQL) of each string of C text that writes a table."""
    text = blank_comments(text, strings=False)
    for match in JOINED.finditer(text):
        sql = " ".join(part[1:-1] for part in re.findall(STRING, match.group(0)))
        if WRITES.search(sql):
            yield text.count("\n", 0, match.start()) + 1, re.sub(r"\s+", " ", sql)


def sources():
    return [p for p in walk(ROOT, (".c", ".h", ".def")) if p.startswith(("vmmd/", "api/", "netctl/", "imagestore/"))]


def function_at(path, line):
    for name, _static, first, last in functions(read(ROOT, path)):
        if first <= line <= last:
            return name
    return None


def writers_of_state(table):
    """(function, SQL) of each UPDATE of @table that names its state before WHERE."""
    found = []
    for path in sources():
        for line, sql in statements(read(ROOT, path)):
            match = re.search(rf"\bUPDATE(?: OR \w+)? {table} SET (.*)", sql, re.I)
            if match and re.search(r"\bstate\s*=", re.split(r"\bWHERE\b", match.group(1), flags=re.I)[0]):
                found.append((function_at(path, line), sql))
    return found


def the_state_of_an_instance_is_written_by_one_update():
    found = writers_of_state("instance")
    assert [name for name, _ in found] == ["store_instance_move"], found


def that_update_compares_before_it_sets():
    (_, sql), = writers_of_state("instance")
    assert re.search(r"WHERE id=\? AND state=\?", sql), sql


def the_state_of_an_image_is_written_by_one_update():
    found = writers_of_state("image")
    assert [name for name, _ in found] == ["store_image_move"], found
    assert re.search(r"WHERE id=\? AND state=\?", found[0][1]), found


def the_state_of_an_interface_is_written_by_one_update():
    found = writers_of_state("nic")
    assert [name for name, _ in found] == ["store_nic_move"], found
    assert re.search(r"WHERE id=\? AND state=\?", found[0][1]), found


def the_state_of_a_public_address_is_written_by_one_update():
    found = writers_of_state("eip")
    assert [name for name, _ in found] == ["store_eip_move"], found
    assert re.search(r"WHERE id=\? AND state=\?", found[0][1]), found


def the_state_of_a_task_is_written_by_one_update():
    found = writers_of_state("task")
    assert [name for name, _ in found] == ["store_task_move"], found
    assert re.search(r"WHERE id=\? AND state=\?", found[0][1]), found


def no_row_with_a_state_is_replaced():
    for path in sources():
        for line, sql in statements(read(ROOT, path)):
            assert not re.search(r"\b(REPLACE|UPSERT|ON CONFLICT.*DO UPDATE)\b.*\b(instance|image|nic|eip)\b", sql), (
                path, line, sql)


def sql_stands_in_the_store_and_nowhere_else():
    seen = 0
    for path in sources():
        for line, sql in statements(read(ROOT, path)):
            assert path.startswith("vmmd/store/"), f"{path}:{line}: {sql}"
            seen += 1
    assert seen >= 30, seen


def no_sql_is_made_from_a_value():
    """Text that goes into SQL by a format is a column, a table or a condition of ours, never a value: no
    format of the store has quotes around a conversion."""
    for path in sources():
        if path.startswith("vmmd/store/"):
            for match in JOINED.finditer(blank_comments(read(ROOT, path), strings=False)):
                sql = " ".join(part[1:-1] for part in re.findall(STRING, match.group(0)))
                if re.search(r"\b(SELECT|UPDATE|INSERT|DELETE|WHERE)\b", sql):
                    assert not re.search(r"'[^']*%[^']*'", sql), (path, sql)


tap.run([
    the_state_of_an_instance_is_written_by_one_update,
    that_update_compares_before_it_sets,
    the_state_of_an_image_is_written_by_one_update,
    the_state_of_an_interface_is_written_by_one_update,
    the_state_of_a_public_address_is_written_by_one_update,
    the_state_of_a_task_is_written_by_one_update,
    no_row_with_a_state_is_replaced,
    sql_stands_in_the_store_and_nowhere_else,
    no_sql_is_made_from_a_value,
])
