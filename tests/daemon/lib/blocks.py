# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/guest/disk-writer.c writes, as a model: which contents a disk may have had at a moment, by what its
guest said on the console; and what a layer's file holds."""
import os
import re
import sqlite3
import struct
import subprocess
import tempfile
import time

# As in disk-writer.c.
BLOCK = 4096
GROUP_SLOTS = 8
GROUP_STRIDE = 512 << 20
SLOT_STRIDE = 12 * 1024
CLUSTER = 64 * 1024
SLOTS_MAX = 1024
MAGIC = 0x444d4d562d4b4c42
MASK = (1 << 64) - 1
# A cluster that is zeroed has the first of its group's slots.
ZERO_SLOTS = -(-CLUSTER // SLOT_STRIDE)
LINE = re.compile(r"VMMD-(OPEN|GONE|GREW|W|Z|A|READY)(?: (.*))?$")


def offset_of(slot):
    return slot // GROUP_SLOTS * GROUP_STRIDE + slot % GROUP_SLOTS * SLOT_STRIDE


def slots_of(size):
    return min(size // GROUP_STRIDE * GROUP_SLOTS, SLOTS_MAX)


def judge(block, slot):
    """None for an empty block, its tag for a whole one, 1 for anything else."""
    words = struct.unpack(f"<{BLOCK // 8}Q", block)
    if not any(words):
        return None
    wanted = [MAGIC, words[1], slot]
    state = words[1] ^ MAGIC
    for _ in range(3, BLOCK // 8):
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        wanted.append(state)
    return words[1] if list(words) == wanted else 1


def text_of(content):
    return {slot: f"{tag:x}" for slot, tag in sorted(content.items())}


class History:
    """A known content {slot: tag} and the writes that followed, of which the first `acked` are on disk and the
    rest may be. Writes are strictly in order, so what a disk holds is some start of them."""

    def __init__(self, content):
        self.content = dict(content)
        self.writes = []  # (changed slots as {slot: tag or None}, tag)
        self.acked = 0

    def wrote(self, kind, slot, tag):
        if kind == "W":
            change = {slot: tag}
        else:
            first = slot // GROUP_SLOTS * GROUP_SLOTS
            change = {first + n: None for n in range(ZERO_SLOTS)}
        self.writes.append((change, tag))

    def was_answered(self, tag):
        assert self.writes and self.writes[-1][1] == tag, f"{tag:x} was not the last write"
        self.acked = len(self.writes)

    def settle(self, found, least, what):
        """found: a content that was read. After how many writes, at least `least`, the disk was like that, as a list;
        AssertionError when never."""
        content = dict(self.content)
        answers = [0] if least == 0 and content == found else []
        for number, (change, _) in enumerate(self.writes, 1):
            for slot, tag in change.items():
                if tag is None:
                    content.pop(slot, None)
                else:
                    content[slot] = tag
            if number >= least and content == found:
                answers.append(number)
        if not answers:
            wrong = {slot: (f"{content.get(slot, 0):x}", f"{found.get(slot, 0):x}")
                     for slot in sorted({*content, *found}) if content.get(slot) != found.get(slot)}
            raise AssertionError(f"{what}: holds what it never held after {least} of {len(self.writes)} writes; "
                                 f"slots, written last and found: {wrong}")
        return answers

    def span(self, number):
        """From which of its guest's writes to before which the first `number` of these were the last ones."""
        return (self.writes[number - 1][1] if number else 0,
                self.writes[number][1] if number < len(self.writes) else MASK)


def have_an_instant(settled):
    """settled: [(History, what settle() answered)] of disks of one guest, which writes to one after another. Whether
    all of them can have been like that at one moment."""
    spans = [[history.span(number) for number in numbers] for history, numbers in settled]
    moments = {begin for of_disk in spans for begin, _ in of_disk}
    return any(all(any(begin <= moment < end for begin, end in of_disk) for of_disk in spans) for moment in moments)


class Console:
    """The lines that came since one asked last, also when the file was put aside and begun anew."""

    def __init__(self, path):
        self.path = path
        self.file = None
        self.rest = b""

    def _more(self):
        if self.file is None:
            try:
                self.file = open(self.path, "rb")  # pylint: disable=consider-using-with
            except FileNotFoundError:
                return b""
        data = self.file.read()
        if not data and os.path.exists(self.path) and not os.path.samestat(os.fstat(self.file.fileno()),
                                                                          os.stat(self.path)):
            data = self.file.read()
            self.file.close()
            self.file = None
            return data + self._more()
        return data

    def lines(self):
        *whole, self.rest = (self.rest + self._more()).split(b"\n")
        return [line.decode("ascii", "replace").rstrip("\r") for line in whole]


def parse(line):
    """(word, [arguments]) of a line of the writer's, else None. One that a dying guest cut short is none."""
    match = LINE.search(line)
    if not match:
        return None
    word, words = match.group(1), (match.group(2) or "").split()
    if word == "OPEN":
        return (word, words[:-1]) if words and words[-1] == "end" else None
    return (word, words) if len(words) >= {"W": 3, "Z": 3, "A": 2, "GREW": 2, "GONE": 1, "READY": 0}[word] else None


# ---- on the host ----

def layer_of(daemon, table, name):
    connection = sqlite3.connect(os.path.join(daemon.state_dir, "vmmd.db"), timeout=20)
    row = connection.execute(f"SELECT layer_id FROM {table} WHERE id = ?", (name,)).fetchone()
    connection.close()
    return row and row[0]


def read_layer(daemon, path):
    """{slot: tag} of a layer's file and all that it rests on, which nobody writes."""
    with tempfile.TemporaryDirectory(dir=daemon.root) as folder:
        plain = os.path.join(folder, "plain")
        subprocess.run(["qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, plain], check=True,
                       capture_output=True)
        with open(plain, "rb") as file:
            content = {}
            for slot in range(slots_of(os.stat(plain).st_size)):
                file.seek(offset_of(slot))
                tag = judge(file.read(BLOCK), slot)
                if tag is not None:
                    content[slot] = tag
    return content


def chain_and_pulls(daemon, layer):
    """The layers that it rests on, and how many of them are just pulled into: qemu-img writes a new parent before the tables it
    needs, so that who reads meanwhile without asking the daemon sees holes."""
    with sqlite3.connect(f"file:{os.path.join(daemon.state_dir, 'vmmd.db')}?mode=ro", uri=True) as db:
        rows = db.execute("WITH RECURSIVE c (id) AS (SELECT ? UNION ALL SELECT l.parent_id FROM layer l JOIN c ON l.id=c.id"
                          " WHERE l.parent_id IS NOT NULL)"
                          " SELECT id, EXISTS (SELECT 1 FROM layer_pull WHERE layer_id=c.id) FROM c", (layer,)).fetchall()
    return rows, sum(is_pulled for _, is_pulled in rows)


def read_still(daemon, table, name, read):
    """What read(path) makes of the layer of a row of `table`. If layers are merged meanwhile it is read once more."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        layer = layer_of(daemon, table, name)
        assert layer, f"{table} {name} has no layer"
        before = chain_and_pulls(daemon, layer)
        found = fault = None
        try:
            found = read(os.path.join(daemon.state_dir, "pool", f"{layer}.qcow2"))
        except (subprocess.CalledProcessError, AssertionError) as error:
            fault = error
        if before[1] or chain_and_pulls(daemon, layer) != before:
            continue
        if fault:
            raise AssertionError(f"{table} {name}: {getattr(fault, 'stderr', b'') or fault}") from fault
        return found
    raise AssertionError(f"{table} {name}: its layers are merged all the time")


def read_on_host(daemon, table, name):
    """{slot: tag} of the layer of a row of `table`."""
    return read_still(daemon, table, name, lambda path: read_layer(daemon, path))
