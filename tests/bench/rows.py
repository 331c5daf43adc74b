# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts many instances into a store at once: copies of one, with ids, names and addresses of their own."""
import sqlite3
import uuid

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_id(prefix, number):
    text = ""
    for _ in range(19):
        number, rest = divmod(number, 36)
        text = DIGITS[rest] + text
    return f"{prefix}z{text}"


def _copy(connection, table, where, changes):
    """Copies one row of a table; changes: column -> function of the number."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    keep = [name for name in names if name not in ("seq", "idx")]
    row = connection.execute(f"SELECT {', '.join(keep)} FROM {table} WHERE {where}").fetchone()
    statement = f"INSERT INTO {table} ({', '.join(keep)}) VALUES ({', '.join('?' * len(keep))})"

    def make(number):
        return [changes[name](number) if name in changes else value for name, value in zip(keep, row)]

    return statement, make


def add(database, instance, count):
    """Adds count instances like that one, which must be Stopped. The daemon must be down."""
    connection = sqlite3.connect(database)
    nic_where = f"instance_id = '{instance}'"
    first_ip = connection.execute(f"SELECT ip FROM nic WHERE {nic_where}").fetchone()[0] + 16
    instance_of = lambda n: new_id("i-", n)  # noqa: E731
    plans = [
        _copy(connection, "instance", f"id = '{instance}'",
              {"id": instance_of, "uuid": lambda n: str(uuid.UUID(int=n + 1)), "name": lambda n: f"bench-{n}"}),
        _copy(connection, "layer", f"id = (SELECT layer_id FROM disk WHERE {nic_where})",
              {"id": lambda n: new_id("l-", n)}),
        _copy(connection, "disk", nic_where, {"id": lambda n: new_id("d-", n), "instance_id": instance_of,
                                              "layer_id": lambda n: new_id("l-", n)}),
        _copy(connection, "nic", nic_where,
              {"id": lambda n: new_id("eni-", n), "instance_id": instance_of, "ip": lambda n: first_ip + n,
               "mac": lambda n: "02:bb:" + ":".join(f"{n >> s & 255:02x}" for s in (24, 16, 8, 0))}),
        _copy(connection, "nic_group", f"nic_id = (SELECT id FROM nic WHERE {nic_where})",
              {"nic_id": lambda n: new_id("eni-", n)}),
    ]
    with connection:
        for statement, make in plans:
            connection.executemany(statement, (make(number) for number in range(count)))
    connection.close()
